import { describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../src/lib/api/http';
import { Load } from '../../src/lib/people/load.svelte';
import { settings } from '../../src/lib/store/settings.svelte';

settings.language = 'ko';

function later<T>() {
  let resolve!: (v: T) => void;
  let reject!: (e: unknown) => void;
  const promise = new Promise<T>((a, b) => ((resolve = a), (reject = b)));
  return { promise, resolve, reject };
}

describe('Load', () => {
  it('shows what came, and why nothing came, and keeps the old meanwhile', async () => {
    let next: () => Promise<number[]> = async () => [1];
    const load = new Load(() => next());
    await load.run();
    expect(load.value).toEqual([1]);
    next = () => Promise.reject(new ApiError('readonly', 'disk'));
    await load.run();
    expect(load.value).toEqual([1]);
    expect(load.error).toContain('디스크');
    expect(load.busy).toBe(false);
  });

  it('does not let a slow old answer overwrite a new one', async () => {
    const [slow, quick] = [later<string>(), later<string>()];
    const answers = [slow.promise, quick.promise];
    const load = new Load(() => answers.shift() as Promise<string>);
    const first = load.run();
    const second = load.run();
    quick.resolve('new');
    await second;
    slow.resolve('old');
    await first;
    expect(load.value).toBe('new');
    expect(load.busy).toBe(false);
  });

  it('shows a change at once and takes it back when the server refuses', async () => {
    const load = new Load(async () => ['a', 'b']);
    await load.run();
    const answer = later<void>();
    const change = load.optimistic((all) => all.filter((x) => x !== 'a'), () => answer.promise);
    expect(load.value).toEqual(['b']);
    answer.reject(Object.assign(new ApiError('conflict', ''), { code: 'last_admin' }));
    const done = await change;
    expect(done).toMatchObject({ ok: false, text: expect.stringContaining('마지막 관리자') });
    expect(load.value).toEqual(['a', 'b']);
  });

  it('asks the server when a refused change was followed by another', async () => {
    const fetch = vi.fn(async () => ['a', 'b', 'c']);
    const load = new Load(fetch);
    await load.run();
    const answer = later<void>();
    const refused = load.optimistic((all) => all.filter((x) => x !== 'a'), () => answer.promise);
    await load.optimistic((all) => all.filter((x) => x !== 'b'), async () => undefined);
    answer.reject(new ApiError('server', ''));
    await refused;
    await vi.waitFor(() => expect(fetch).toHaveBeenCalledTimes(2));
  });
});
