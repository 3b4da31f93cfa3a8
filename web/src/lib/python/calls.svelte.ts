// Calls of live answers that this page is to make: it runs the code and brings
// the server what came out. Other tabs may do the same; the first result counts.
// Everything heavy is loaded when the first call comes.

import { SvelteMap } from 'svelte/reactivity';
import { api, ApiError } from '../api/http';
import type { ToolCall } from '../api/types';
import { prefs } from '../store/prefs.svelte';

export const runsCode = 'run_python'; // the server's name of the tool

const showMS = 100;
const tries = 6;
const againMS = 2000;

let heavy: Promise<typeof import('./run')> | undefined;

function runner(): Promise<typeof import('./run')> {
  return (heavy ??= import('./run').catch((e: unknown) => {
    heavy = undefined; // the next call tries again
    throw e;
  }));
}

/** One call that is being made here. */
export class PageCall {
  phase = $state<'load' | 'run' | 'send'>('load');
  output = $state('');
  readonly control = new AbortController();
  dropped = false; // nobody waits for it any more
  #output = '';
  #timer: ReturnType<typeof setTimeout> | undefined;

  print(text: string): void {
    this.#output += text;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.output = this.#output;
    }, showMS);
  }

  /** By its user: the model is told. */
  stop(): void {
    this.control.abort();
  }

  drop(): void {
    this.dropped = true;
    this.control.abort();
  }
}

/** The code of a call, or undefined while it is being written or is something else. */
export function codeOf(call: ToolCall): string | undefined {
  if (call.name !== runsCode) return undefined;
  try {
    const { code } = JSON.parse(call.arguments) as { code?: unknown };
    return typeof code === 'string' ? code : undefined;
  } catch {
    return undefined;
  }
}

class PageCalls {
  #now = new SvelteMap<string, PageCall>();

  get(message: string, call: string): PageCall | undefined {
    return this.#now.get(`${message}/${call}`);
  }

  /** What a live answer says of its calls. */
  heard(message: string, calls: ToolCall[]): void {
    for (const c of calls) {
      const key = `${message}/${c.id}`;
      if (c.state !== 'page') this.#drop(key);
      else if (!this.#now.has(key)) void this.#make(key, message, c);
    }
  }

  /** The answer has ended, or is not followed any more. */
  ended(message: string): void {
    for (const key of [...this.#now.keys()]) if (key.startsWith(`${message}/`)) this.#drop(key);
  }

  #drop(key: string): void {
    this.#now.get(key)?.drop();
    this.#now.delete(key);
  }

  async #make(key: string, message: string, c: ToolCall): Promise<void> {
    const code = codeOf(c);
    if (code === undefined) return;
    const call = new PageCall();
    this.#now.set(key, call); // stays until the server says that the call is over
    await prefs.settled();
    if (!prefs.value.code_interpreter && this.#now.get(key) === call) this.#now.delete(key);
    if (!prefs.value.code_interpreter || call.dropped) return;
    const said = await runner().then((m) => m.run(code, {
      signal: call.control.signal,
      started: () => (call.phase = 'run'),
      printed: (text) => call.print(text),
    }), (e: unknown) => ({ text: `error: Python does not run in this browser: ${String(e)}`, failed: true }));
    if (call.dropped) return;
    call.phase = 'send';
    await bring(message, { call: c.id, ...said }, call);
  }
}

/** Tries again where the server could not be reached; it waits for three minutes. */
async function bring(message: string, result: { call: string; text: string; failed: boolean }, call: PageCall): Promise<void> {
  for (let i = 0; i < tries && !call.dropped; i++) {
    try {
      return await api.post(`/api/messages/${encodeURIComponent(message)}/result`, result);
    } catch (e) {
      if (!(e instanceof ApiError) || !['offline', 'busy', 'server'].includes(e.kind)) return; // another tab was first, or it is over
      await new Promise((resolve) => setTimeout(resolve, againMS));
    }
  }
}

export const pageCalls = new PageCalls();
