// A reader of server-sent events that is indifferent to where the network cuts
// the bytes: inside a line, inside CRLF, inside a Hangul syllable.

/** No event of a chat stream is this long; one that is means a broken server. */
export const maxEventChars = 8 * 1024 * 1024;

export interface ServerEvent {
  event: string; // 'message' when the server names none
  data: string;
  id: string; // of the last event that had one
}

export class EventParser {
  #id = '';
  #event = '';
  #decoder = new TextDecoder('utf-8');
  #line = '';
  #data: string[] = [];
  #size = 0;
  #afterCR = false;

  /** Takes the next bytes and returns every event that they complete. */
  push(bytes: Uint8Array): ServerEvent[] {
    return this.#feed(this.#decoder.decode(bytes, { stream: true }));
  }

  /** The stream has ended. An event without its closing blank line still counts. */
  end(): ServerEvent[] {
    const out = this.#feed(this.#decoder.decode());
    if (this.#line !== '') this.#takeLine(out);
    this.#takeLine(out);
    return out;
  }

  #feed(text: string): ServerEvent[] {
    const out: ServerEvent[] = [];
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c !== 10 && c !== 13) {
        this.#afterCR = false;
        continue;
      }
      if (c === 10 && this.#afterCR) {
        // the second half of a CRLF that already ended its line
        this.#afterCR = false;
        start = i + 1;
        continue;
      }
      this.#line += text.slice(start, i);
      start = i + 1;
      this.#afterCR = c === 13;
      this.#takeLine(out);
    }
    this.#line += text.slice(start);
    if (this.#line.length + this.#size > maxEventChars) throw new Error('event stream: event too long');
    return out;
  }

  #takeLine(out: ServerEvent[]): void {
    const line = this.#line;
    this.#line = '';
    if (line === '') {
      if (this.#data.length > 0) out.push({ event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id });
      this.#data = [];
      this.#event = '';
      this.#size = 0;
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return; // a comment, sent to keep the connection alive
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (field === 'event') this.#event = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    if (field !== 'data') return;
    this.#data.push(value);
    this.#size += value.length + 1;
  }
}
