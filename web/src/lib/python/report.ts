// Words what came of a run for the model: what was printed, then the value or
// the error, as a REPL shows them. In English, like all that models are told.

import { resultBytes, tailBytes } from './limits';

/** How a run ended. */
export type Ending =
  | { kind: 'done'; failed: boolean; tail: string }
  | { kind: 'late'; ms: number } // its time was over
  | { kind: 'stopped' } // by its user
  | { kind: 'broken'; why: string }; // Python itself did not run, or crashed

export interface Report {
  text: string;
  failed: boolean;
}

const cutNote = '\n[output cut here]\n';

/** The beginning of a text, in at most so many bytes of UTF-8, in whole characters. */
export function head(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  const all = new TextEncoder().encode(text);
  if (all.length <= bytes) return text;
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(all.subarray(0, Math.max(0, bytes)), { stream: true });
}

const size = (text: string): number => new TextEncoder().encode(text).length;

function last(end: Ending): { line: string; failed: boolean } {
  switch (end.kind) {
    case 'done':
      return { line: end.tail, failed: end.failed };
    case 'late':
      return { line: `error: stopped after ${Math.round(end.ms / 100) / 10} seconds, the limit; the output above is all there is`, failed: true };
    case 'stopped':
      return { line: 'error: the user stopped the code', failed: true };
    case 'broken':
      return { line: `error: Python does not run in this browser: ${end.why}`, failed: true };
  }
}

/** cut: more was printed than the output holds. */
export function report(output: string, cut: boolean, end: Ending): Report {
  const { line, failed } = last(end);
  const room = resultBytes - size(cutNote) - 1;
  const printed = head(output, room - tailBytes);
  const dropped = cut || printed.length < output.length;
  const tail = head(line, Math.max(tailBytes, room - size(printed)));
  const shown = dropped ? printed + cutNote : printed;
  const gap = shown !== '' && tail !== '' && !shown.endsWith('\n') ? '\n' : '';
  return { text: (shown + gap + tail).trimEnd() || '(no output)', failed };
}
