import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ToolCall } from '../src/lib/api/types';
import { codeOf, pageCalls } from '../src/lib/python/calls.svelte';
import { limitMS, resultBytes } from '../src/lib/python/limits';
import { type Ending, head, report } from '../src/lib/python/report';
import { prefs } from '../src/lib/store/prefs.svelte';

const bytes = (s: string): number => new TextEncoder().encode(s).length;

describe('report', () => {
  const done = (tail = '', failed = false): Ending => ({ kind: 'done', failed, tail });

  it('shows what a REPL shows', () => {
    expect(report('', false, done())).toEqual({ text: '(no output)', failed: false });
    expect(report('하나\n', false, done('3'))).toEqual({ text: '하나\n3', failed: false });
    expect(report('하나', false, done('3')).text).toBe('하나\n3');
    expect(report('a\n', false, done('ZeroDivisionError: x', true))).toEqual({ text: 'a\nZeroDivisionError: x', failed: true });
    expect(report('a\n', false, { kind: 'late', ms: 20_000 })).toEqual({
      text: 'a\nerror: stopped after 20 seconds, the limit; the output above is all there is', failed: true,
    });
    expect(report('', false, { kind: 'stopped' })).toEqual({ text: 'error: the user stopped the code', failed: true });
    expect(report('', false, { kind: 'broken', why: 'no wasm' }).text).toContain('no wasm');
  });

  it('never says more than the server takes, and says that it was cut', () => {
    for (const letter of ['a', '가', '🙂', '\n']) {
      for (const n of [10, 5000, 20_000, 40_000]) {
        for (const m of [0, 3000, 50_000]) {
          const { text } = report(letter.repeat(n), false, done('값'.repeat(m)));
          expect(bytes(text)).toBeLessThanOrEqual(resultBytes);
          expect(text).not.toContain('\ufffd');
          if (bytes(letter.repeat(n)) > resultBytes) expect(text).toContain('[output cut here]');
        }
      }
    }
    const long = report('x'.repeat(40_000), true, done('the end', true)).text;
    expect(long.endsWith('[output cut here]\nthe end')).toBe(true);
    expect(report('', false, done('y'.repeat(20_000))).text).toHaveLength(20_000);
  });

  it('cuts between characters', () => {
    expect(head('가나다', 9)).toBe('가나다');
    expect(head('가나다', 8)).toBe('가나');
    expect(head('🙂🙂', 7)).toBe('🙂');
    expect(head('가', 0)).toBe('');
    expect(head('가', -5)).toBe('');
  });
});

describe('limits', () => {
  it('can be shortened for a test, and never stretched', () => {
    expect(limitMS(null)).toBe(20_000);
    for (const bad of ['', '0', '-1', 'x', '20001', '1e9', 'Infinity', 'NaN']) expect(limitMS(bad)).toBe(20_000);
    expect(limitMS('1500')).toBe(1500);
  });
});

// The heavy half, in a test without WebAssembly: it ends when the test says so.
const runs: { code: string; signal: AbortSignal; end: (text: string) => void }[] = [];
vi.mock('../src/lib/python/run', () => ({
  run: (code: string, watch: { signal: AbortSignal; started(): void }) =>
    new Promise((resolve) => {
      watch.started();
      runs.push({ code, signal: watch.signal, end: (text) => resolve({ text, failed: false }) });
    }),
}));

describe('calls that the page makes', () => {
  const call = (over: Partial<ToolCall> = {}): ToolCall => ({ id: 'c1', name: 'run_python', arguments: '{"code":"1+1"}', state: 'page', ...over });
  let posts: { path: string; body: unknown }[];
  let answers: (() => Response)[];

  beforeEach(() => {
    runs.length = 0;
    posts = [];
    answers = [];
    prefs.value = { ...prefs.value, code_interpreter: true };
    vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
      posts.push({ path, body: JSON.parse(String(init.body)) });
      return (answers.shift() ?? (() => new Response(null, { status: 204 })))();
    });
  });
  afterEach(() => {
    pageCalls.ended('m');
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it('are run once, however often they are heard of, and brought', async () => {
    pageCalls.heard('m', [call()]);
    pageCalls.heard('m', [call()]);
    await vi.waitFor(() => expect(runs).toHaveLength(1));
    expect(pageCalls.get('m', 'c1')?.phase).toBe('run');
    runs[0]?.end('2');
    await vi.waitFor(() => expect(posts).toHaveLength(1));
    expect(posts[0]).toEqual({ path: '/api/messages/m/result', body: { call: 'c1', text: '2', failed: false } });
    pageCalls.heard('m', [call()]); // the server has not said yet that it is over
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(runs).toHaveLength(1);
    pageCalls.heard('m', [call({ state: 'done', result: '2' })]);
    expect(pageCalls.get('m', 'c1')).toBeUndefined();
  });

  it('are dropped without a word when another tab was first or the answer ended', async () => {
    pageCalls.heard('m', [call(), call({ id: 'c2' })]);
    await vi.waitFor(() => expect(runs).toHaveLength(2));
    pageCalls.heard('m', [call({ state: 'done' })]);
    expect(runs[0]?.signal.aborted).toBe(true);
    expect(runs[1]?.signal.aborted).toBe(false);
    pageCalls.ended('m');
    expect(runs[1]?.signal.aborted).toBe(true);
    for (const r of runs) r.end('late');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(posts).toEqual([]);
  });

  it('are left alone while the setting is off, and when they are not code', async () => {
    prefs.value = { ...prefs.value, code_interpreter: false };
    pageCalls.heard('m', [call()]);
    prefs.value = { ...prefs.value, code_interpreter: true };
    pageCalls.heard('m', [call({ id: 'c2', name: 'other' }), call({ id: 'c3', arguments: '{"code":' }), call({ id: 'c4', state: 'ask' })]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(runs.map((r) => r.code)).toEqual(['1+1']); // the setting is read when it is run
    pageCalls.ended('m');
    runs.length = 0;
    prefs.value = { ...prefs.value, code_interpreter: false };
    pageCalls.heard('m', [call()]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(runs).toEqual([]);
  });

  it('are brought again when the server was away, and not when it said no', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    answers = [() => { throw new TypeError('away'); }, () => new Response('{}', { status: 503 }), () => new Response('{}', { status: 409 })];
    pageCalls.heard('m', [call()]);
    await vi.waitFor(() => expect(runs).toHaveLength(1));
    runs[0]?.end('2');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(posts).toHaveLength(3);
  });

  it('are read from whole arguments only', () => {
    expect(codeOf(call())).toBe('1+1');
    for (const bad of ['', '{', '[]', 'null', '{"code":1}', '{}']) expect(codeOf(call({ arguments: bad }))).toBeUndefined();
    expect(codeOf(call({ name: 'calculate' }))).toBeUndefined();
  });
});
