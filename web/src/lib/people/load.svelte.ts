// Something that a screen shows and the server has: on its way, here, or failed.

import { untrack } from 'svelte';
import { say } from './errors';

export class Load<T> {
  value = $state.raw<T | undefined>(undefined);
  error = $state('');
  busy = $state(false);
  #fetch: () => Promise<T>;
  #turn = 0;

  constructor(fetch: () => Promise<T>) {
    this.#fetch = fetch;
  }

  /** Asks the server (again). What is shown stays until there is better. */
  async run(): Promise<void> {
    const turn = ++this.#turn;
    this.busy = true;
    this.error = '';
    try {
      const value = await this.#fetch();
      if (turn === this.#turn) this.value = value;
    } catch (e) {
      if (turn === this.#turn) this.error = say(e).text;
    }
    if (turn === this.#turn) this.busy = false;
  }

  /**
   * Shows the wanted value at once, asks the server, and goes back when it
   * refuses. Resolves to what the server said, or to why not.
   */
  async optimistic<R>(wanted: (old: T) => T, ask: () => Promise<R>): Promise<{ ok: true; answer: R } | { ok: false; text: string }> {
    const before = this.value;
    if (before === undefined) return { ok: false, text: '' };
    this.#turn++; // a list under way would undo what is shown now
    this.busy = false;
    this.value = wanted(before);
    const shown = this.value;
    try {
      return { ok: true, answer: await ask() };
    } catch (e) {
      if (this.value === shown) this.value = before;
      else void this.run(); // more has changed since: only the server knows
      return { ok: false, text: say(e).text };
    }
  }
}

/** A Load that begins when the screen does, and again when what the function reads changes. */
export function loaded<T>(fetch: () => Promise<T>, depends: () => unknown = () => undefined): Load<T> {
  const load = new Load(fetch);
  $effect(() => {
    depends();
    untrack(() => void load.run());
  });
  return load;
}
