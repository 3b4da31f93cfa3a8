import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../src/lib/api/http';
import { follow } from '../src/lib/api/stream';

const enc = new TextEncoder();

/** A stream of events that then ends, or breaks off. */
function body(text: string, breaks = false): Response {
  return new Response(
    new ReadableStream<Uint8Array>({
      start(c) {
        c.enqueue(enc.encode(text));
        if (breaks) setTimeout(() => c.error(new TypeError('network')), 5);
        else c.close();
      },
    }),
  );
}

function serve(responses: (() => Response)[]): (string | null)[] {
  const asked: (string | null)[] = [];
  vi.stubGlobal('fetch', vi.fn(async (_: string, init: RequestInit) => {
    asked.push(new Headers(init.headers).get('Last-Event-ID'));
    const next = responses.shift();
    if (!next) throw new TypeError('fetch failed');
    return next();
  }));
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

describe('follow', () => {
  it('comes back after a break with the number of the last event it has', async () => {
    const asked = serve([
      () => body('id: 1\nevent: delta\ndata: 가\n\nid: 2\nevent: delta\ndata: 나\n\n: beat\n\nid: 3\nevent: delta\nda', true),
      () => { throw new TypeError('fetch failed'); },
      () => new Response('{"error":{"message":"later","code":"busy"}}', { status: 503, headers: { 'Retry-After': '2' } }),
      () => body('id: 3\nevent: delta\ndata: 다\n\n'), // the server stopped
      () => body('id: 4\nevent: done\ndata: 끝\n\nid: 5\ndata: never\n\n'),
    ]);
    const heard: string[] = [];
    const waits: number[] = [];
    const states: boolean[] = [];
    await follow('/s', {
      take: (e) => (heard.push(e.data), e.event === 'done'),
      connected: (yes) => states.push(yes),
      wait: async (ms) => void waits.push(ms),
    }, new AbortController().signal);
    expect(heard).toEqual(['가', '나', '다', '끝']);
    expect(asked).toEqual([null, '2', '2', '2', '3']);
    expect(states).toEqual([true, false, false, false, true, false, true]);
    expect(waits[2]).toBeGreaterThan(1400); // Retry-After is heeded
    expect(waits[1]).toBeGreaterThan((waits[0] ?? 0) * 0.9); // and waits grow
  });

  it('gives up what the server refuses for good', async () => {
    serve([() => new Response('{"error":{"message":"gone","code":"not_found"}}', { status: 404 })]);
    const failed = await follow('/s', { take: () => false, wait: async () => {} }, new AbortController().signal).catch((e: unknown) => e);
    expect(failed).toBeInstanceOf(ApiError);
    expect(failed).toMatchObject({ kind: 'missing' });
  });

  it('ends quietly when it is told to', async () => {
    const stop = new AbortController();
    serve([() => body('id: 1\ndata: 가\n\n', true)]);
    await follow('/s', { take: () => false, wait: async () => stop.abort() }, stop.signal);
    expect(stop.signal.aborted).toBe(true);
  });
});
