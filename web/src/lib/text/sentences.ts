// Turns a growing answer into whole sentences for screen readers. Tokens read
// out one by one are noise; a sentence is speech.

const end = /[.!?。！？…][*_"'”’)\]]*(?=\s)|\n/g;

/** Markdown signs are for the eye. */
export function speakable(text: string): string {
  return text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^\s*(?:#{1,6}|>|[-*+]|\d+[.)])\s+/gm, '')
    .replace(/[*_`|~]+/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

export class SentenceReader {
  #at = 0;
  #inCode = false;

  constructor(private readonly codeWord: string) {}

  /** The sentences that text completes since the last call. */
  push(text: string, finished = false): string[] {
    const out: string[] = [];
    end.lastIndex = this.#at;
    for (let m = end.exec(text); m; m = end.exec(text)) {
      this.#say(text.slice(this.#at, end.lastIndex), out);
      this.#at = end.lastIndex;
    }
    if (finished) {
      this.#say(text.slice(this.#at), out);
      this.#at = text.length;
    }
    return out;
  }

  #say(piece: string, out: string[]): void {
    if (/^\s*(?:```|~~~)/.test(piece)) {
      this.#inCode = !this.#inCode;
      if (this.#inCode) out.push(this.codeWord);
      return;
    }
    const words = this.#inCode ? '' : speakable(piece);
    if (/[\p{L}\p{N}]/u.test(words)) out.push(words);
  }
}
