// When does Enter send? A pure answer, fed with the events of a text box.
//
// While a syllable is being composed, browsers disagree on what Enter is:
//   Chrome, Firefox  keydown(isComposing, 229) → compositionend → maybe keydown(13)
//   Safari           compositionend → keydown(229, not composing)
// For Hangul one Enter must send, once, with the last syllable in it. For Kana
// and Pinyin that Enter only picks a candidate and must send nothing.

export type Decision =
  | 'pass' // leave the key to the browser
  | 'swallow' // prevent its default, do nothing
  | 'send';

export interface EnterKey {
  shift: boolean;
  isComposing: boolean;
  keyCode: number;
  repeat?: boolean;
}

const safariMS = 30; // a keydown this soon after compositionend is the same key press
const echoMS = 150; // a second keydown of the Enter that already sent
const pendingMS = 1000; // a commit later than this was not caused by that Enter

const hangul = /[ᄀ-ᇿ㄰-㆏ꥠ-꥿가-힣ힰ-퟿]$/;

export class EnterGuard {
  #composing = false;
  #last = ''; // what the input method last showed
  #endedAt = -Infinity;
  #sentAt = -Infinity; // by an Enter that ended a composition; only such a one has an echo
  #pendingAt = -Infinity;

  compositionStart(): void {
    this.#composing = true;
    this.#last = '';
    this.#pendingAt = -Infinity;
  }

  compositionUpdate(data: string): void {
    if (data !== '') this.#last = data;
  }

  /** Returns 'send' when the Enter that ended this composition was meant to send. */
  compositionEnd(data: string, now: number): 'send' | 'pass' {
    this.#composing = false;
    this.#endedAt = now;
    if (data !== '') this.#last = data;
    const asked = now - this.#pendingAt < pendingMS;
    this.#pendingAt = -Infinity;
    // The Hanja key turns Hangul into a candidate list; its Enter only chooses.
    if (!asked || !hangul.test(this.#last)) return 'pass';
    this.#sentAt = now;
    return 'send';
  }

  enter(key: EnterKey, now: number): Decision {
    if (key.shift) return 'pass';
    if (key.isComposing || this.#composing) {
      if (!hangul.test(this.#last)) return 'pass';
      this.#pendingAt = now;
      return 'swallow';
    }
    if (now - this.#sentAt < echoMS || key.repeat) return 'swallow';
    const sameKeyPress = now - this.#endedAt < safariMS && key.keyCode === 229;
    if (!sameKeyPress) return 'send';
    if (!hangul.test(this.#last)) return 'swallow';
    this.#sentAt = now;
    return 'send';
  }

  /** Any key but Enter means that the writer goes on writing. */
  otherKey(): void {
    this.#pendingAt = -Infinity;
  }

  /** A line break that the input method inserts by itself after such an Enter. */
  swallowsLineBreak(now: number): boolean {
    return now - this.#sentAt < echoMS || now - this.#pendingAt < echoMS;
  }
}

/** Chrome on Windows calls every key that an input method sees 'Process'; code still tells which. */
function isEnter(e: KeyboardEvent): boolean {
  if (e.key === 'Process' || e.key === 'Unidentified') return e.code === 'Enter' || e.code === 'NumpadEnter';
  return e.key === 'Enter';
}

type Field = HTMLTextAreaElement | HTMLInputElement;

/** Wires a guard to a field; send is called once per meant Enter. */
export function sendOnEnter(send: () => void, enabled: () => boolean = () => true) {
  return (node: Element): (() => void) => {
    const field = node as Field;
    const guard = new EnterGuard();
    const offs: (() => void)[] = [];
    const on = <K extends keyof HTMLElementEventMap>(type: K, f: (e: HTMLElementEventMap[K]) => void): void => {
      field.addEventListener(type, f as EventListener);
      offs.push(() => field.removeEventListener(type, f as EventListener));
    };
    on('compositionstart', () => guard.compositionStart());
    on('compositionupdate', (e) => guard.compositionUpdate(e.data));
    on('compositionend', (e) => {
      // The field holds the whole syllable only after this event has run its course.
      if (guard.compositionEnd(e.data, performance.now()) === 'send' && enabled()) setTimeout(send, 0);
    });
    on('keydown', (e) => {
      if (!isEnter(e)) {
        guard.otherKey();
        return;
      }
      if (!enabled() || e.ctrlKey || e.metaKey || e.altKey) return;
      const decision = guard.enter(
        { shift: e.shiftKey, isComposing: e.isComposing, keyCode: e.keyCode, repeat: e.repeat },
        performance.now(),
      );
      if (decision === 'pass') return;
      e.preventDefault();
      if (decision === 'send') send();
    });
    on('beforeinput', (e) => {
      const breaks = e.inputType === 'insertLineBreak' || e.inputType === 'insertParagraph';
      if (breaks && enabled() && guard.swallowsLineBreak(performance.now())) e.preventDefault();
    });
    return () => offs.forEach((off) => off());
  };
}
