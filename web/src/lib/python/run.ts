// Runs code of a model in the frame, one after another, each in a Python of its
// own, and words what came of it. Loaded when the first code is to be run.

import { loadFiles, program } from './files';
import { Frame, type Said } from './frame';
import { limitMS, loadMS, memoryBytes, resultBytes, tailBytes } from './limits';
import { type Ending, type Report, report } from './report';

export interface Watch {
  /** Ends the run; what was printed till then is told. */
  signal: AbortSignal;
  /** The code runs now: Python was loaded. */
  started(): void;
  /** More was printed. */
  printed(text: string): void;
}

let frame: Promise<Frame> | undefined;
let before: Promise<unknown> = Promise.resolve();
let runs = 0;

function opened(): Promise<Frame> {
  return (frame ??= open().catch((e: unknown) => {
    frame = undefined; // the next call tries again
    throw e;
  }));
}

async function open(): Promise<Frame> {
  const made = new Frame();
  try {
    await made.open(await loadFiles());
    return made;
  } catch (e) {
    made.close();
    throw e;
  }
}

/** Runs code when those before it are done. Never rejects. */
export function run(code: string, watch: Watch): Promise<Report> {
  const mine = before.then(() => alone(code, watch));
  before = mine;
  return mine;
}

async function alone(code: string, watch: Watch): Promise<Report> {
  let output = '';
  let cut = false;
  const end = await ending(code, watch.signal, (said) => {
    if (said.started) watch.started();
    if (said.text === undefined) return;
    output += said.text;
    cut ||= said.cut === true;
    watch.printed(said.text);
  });
  return report(output, cut, end);
}

/** Resolves with how it ended: by itself, by its user or by the clock. */
function ending(code: string, signal: AbortSignal, hear: (said: Said) => void): Promise<Ending> {
  return new Promise((resolve) => {
    let used: Frame | undefined;
    let over = false;
    const end = (e: Ending): void => {
      over = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      used?.stop();
      resolve(e);
    };
    const stop = (): void => end({ kind: 'stopped' });
    let timer = setTimeout(() => end({ kind: 'broken', why: 'it could not be loaded in time' }), loadMS);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop);
    const heard = (said: Said): void => {
      hear(said);
      if (said.broken !== undefined) return end({ kind: 'broken', why: said.broken });
      if (said.tail !== undefined) return end({ kind: 'done', failed: said.failed === true, tail: said.tail });
      if (!said.started) return;
      const ms = limitMS();
      clearTimeout(timer);
      timer = setTimeout(() => end({ kind: 'late', ms }), ms);
    };
    opened().then(
      (f) => {
        if (over) return;
        used = f;
        f.start(++runs, { code, ...program, memory: memoryBytes, output: resultBytes - tailBytes }, heard);
      },
      (e: unknown) => over || end({ kind: 'broken', why: e instanceof Error ? e.message : String(e) }),
    );
  });
}
