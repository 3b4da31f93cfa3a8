// What a run may use. The server's limits for a call from a page are three
// minutes and as many bytes.

export const resultBytes = 32 * 1024; // of what the model is told
export const tailBytes = 4 * 1024; // of which the value or the error has at least
export const memoryBytes = 512 * 1024 * 1024; // of Python; JavaScript called from it is not counted
export const loadMS = 120_000; // until Python runs, on a slow line
const runMS = 20_000;
const name = 'malmoi.python.ms';

/** ms that code may run. What a tester keeps in the browser may shorten it, never stretch it. */
export function limitMS(kept: string | null = localStorage.getItem(name)): number {
  const ms = Number(kept ?? runMS);
  return ms > 0 && ms < runMS ? ms : runMS;
}
