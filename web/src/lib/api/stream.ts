// Reads a stream of events and comes back when it breaks. The server numbers
// its events, so that whoever comes back misses nothing and hears nothing twice.

import { ApiError, request } from './http';
import { EventParser, type ServerEvent } from './sse';

const firstWaitMS = 400;
const maxWaitMS = 8000;
/** The server speaks at least every 10 s; a connection this silent is dead. */
const silentMS = 35_000;

export interface Reader {
  /** Takes an event. Returning true ends the reading. */
  take(e: ServerEvent): boolean | void;
  /** The stream is (not) being read right now. */
  connected?(yes: boolean): void;
  /** Waits before the next try; tests pass their own. */
  wait?(ms: number, signal: AbortSignal): Promise<void>;
}

/**
 * Reads path until an event ends it, signal aborts or the server refuses for
 * good (ApiError: not there, forbidden). A lost connection is tried again.
 */
export async function follow(path: string, reader: Reader, signal: AbortSignal): Promise<void> {
  const wait = reader.wait ?? rest;
  let last = '';
  let waitMS = firstWaitMS;
  while (!signal.aborted) {
    try {
      const ended = await read(path, last, signal, (e) => {
        waitMS = firstWaitMS;
        if (e.id !== '' && e.id !== '0') last = e.id;
        return reader.take(e);
      }, () => reader.connected?.(true));
      if (ended) return;
    } catch (e) {
      if (signal.aborted) return;
      if (e instanceof ApiError && ['missing', 'forbidden', 'auth', 'request'].includes(e.kind)) throw e;
      if (e instanceof ApiError && e.retryAfter > 0) waitMS = Math.max(waitMS, Math.min(maxWaitMS, e.retryAfter * 1000));
    }
    reader.connected?.(false);
    await wait(waitMS * (0.75 + Math.random() / 2), signal);
    waitMS = Math.min(maxWaitMS, waitMS * 2);
  }
}

async function read(
  path: string,
  last: string,
  signal: AbortSignal,
  take: (e: ServerEvent) => boolean | void,
  opened: () => void,
): Promise<boolean> {
  const own = new AbortController();
  const stop = (): void => own.abort();
  signal.addEventListener('abort', stop);
  let alarm = setTimeout(stop, silentMS);
  try {
    const headers: Record<string, string> = { Accept: 'text/event-stream' };
    if (last !== '') headers['Last-Event-ID'] = last;
    const response = await request(path, { headers, signal: own.signal });
    if (!response.body) throw new ApiError('server', '');
    opened();
    const parser = new EventParser();
    const bytes = response.body.getReader();
    for (;;) {
      const { value, done } = await bytes.read();
      clearTimeout(alarm);
      alarm = setTimeout(stop, silentMS);
      for (const e of done ? parser.end() : parser.push(value)) if (take(e)) return true;
      if (done) return false;
    }
  } finally {
    clearTimeout(alarm);
    signal.removeEventListener('abort', stop);
    own.abort();
  }
}

/** Sleeps; wakes early when the network comes back. */
function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      removeEventListener('online', wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    addEventListener('online', wake);
    signal.addEventListener('abort', wake);
  });
}
