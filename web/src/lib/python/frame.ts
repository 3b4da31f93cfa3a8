// The frame of /python (see the server, which says why it is safe): no origin,
// no network. It gets all that Python is made of, and a port.

import type { Files } from './files';

/** What a worker says, with the number of its run. */
export interface Said {
  started?: true;
  text?: string;
  cut?: boolean;
  failed?: boolean;
  tail?: string;
  broken?: string;
}

interface Heard {
  ready?: true;
  broken?: string;
  run?: number;
  said?: Said;
}

/** One frame; it runs one thing at a time. */
export class Frame {
  #element = document.createElement('iframe');
  #port: MessagePort | undefined;
  #hear: ((run: number, said: Said) => void) | undefined;

  /** Resolves when code can be run; rejects with why not. */
  open(files: Files): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const made = this.#element;
    made.hidden = true;
    made.title = 'Python';
    made.setAttribute('sandbox', 'allow-scripts'); // before src: it counts from the first load
    made.referrerPolicy = 'no-referrer';
    made.src = '/python';
    // '*': the frame has no origin that could be named. It hears only this.
    made.addEventListener('load', () => made.contentWindow?.postMessage(files, '*', [port2, files.wasm, files.stdlib]), { once: true });
    const opened = new Promise<void>((resolve, reject) => {
      port1.onmessage = ({ data }: MessageEvent<Heard>) => {
        if (data.ready) resolve();
        else if (data.broken !== undefined) reject(new Error(data.broken));
        else if (data.run !== undefined && data.said) this.#hear?.(data.run, data.said);
      };
    });
    document.body.append(made);
    return opened;
  }

  /** Starts a run in place of the one before. */
  start(run: number, what: object, hear: (said: Said) => void): void {
    this.#hear = (r, said) => void (r === run && hear(said));
    this.#port?.postMessage({ ...what, run });
  }

  /** Ends what runs, whatever it does. */
  stop(): void {
    this.#hear = undefined;
    this.#port?.postMessage(null);
  }

  close(): void {
    this.#hear = undefined;
    this.#port?.close();
    this.#element.remove();
  }
}
