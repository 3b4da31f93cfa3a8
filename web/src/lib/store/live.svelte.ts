// One answer while it is being written. Pieces arrive faster than a screen
// needs them, so they are gathered and shown a few times a second.

import { tick } from 'svelte';
import type { Delta, Message, ToolCall, Usage } from '../api/types';

const showMS = 40;
const maxShowMS = 1000;
const rest = 3; // times as long as drawing took, the page is left to its user
const maxCalls = 64;

export class Live {
  content = $state('');
  reasoning = $state('');
  toolCalls = $state.raw<ToolCall[]>([]);
  /** ms since the page opened, of the last piece; 0 before the first. */
  lastAt = $state(0);
  /** The connection is lost and being made again. */
  lost = $state(false);
  readonly startedAt = performance.now();
  readonly controller = new AbortController();
  #content = '';
  #reasoning = '';
  #calls: ToolCall[] = [];
  #endAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #gapMS = showMS;

  /** Begins with what the answer already says; pieces are appended to it. */
  constructor(readonly message: Message) {
    this.replace(message, false);
  }

  take(d: Delta): void {
    this.#content += d.content ?? '';
    this.#reasoning += d.reasoning ?? '';
    if (d.tool_call) this.#takeCall(d.tool_call);
    this.#endAt = performance.now();
    this.#timer ??= setTimeout(() => this.#draw(), this.#gapMS);
  }

  /** The whole answer so far, in place of what was known. */
  replace(m: Message, came = true): void {
    this.#content = m.content;
    this.#reasoning = m.reasoning ?? '';
    this.#calls = [...(m.tool_calls ?? [])];
    if (came) this.#endAt = performance.now();
    this.show();
  }

  /** The calls as they are now, whether the screen shows them yet or not. */
  get calls(): ToolCall[] {
    return this.#calls.filter(Boolean);
  }

  #takeCall(d: NonNullable<Delta['tool_call']>): void {
    if (d.index < 0 || d.index >= maxCalls) return;
    const old = this.#calls[d.index] ?? { id: '', name: '', arguments: '' };
    this.#calls[d.index] = {
      ...old,
      id: old.id + (d.id ?? ''),
      name: old.name + (d.name ?? ''),
      arguments: old.arguments + (d.arguments ?? ''),
      ...(d.title !== undefined && { title: (old.title ?? '') + d.title }),
      ...(d.result !== undefined && { result: (old.result ?? '') + d.result }),
      ...(d.outside && { outside: true }),
      ...(d.state !== undefined && { state: d.state, tainted: d.tainted ?? false }),
    };
  }

  #draw(): void {
    const began = performance.now();
    this.show();
    void tick().then(() => {
      this.#gapMS = Math.min(maxShowMS, Math.max(showMS, rest * (performance.now() - began)));
    });
  }

  /** Brings the screen up to what has arrived. */
  show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.content = this.#content;
    this.reasoning = this.#reasoning;
    this.toolCalls = this.#calls.filter(Boolean);
    this.lastAt = this.#endAt;
  }
}

/** Tokens per second after the first one, or 0 when that says nothing. */
export function speedOf(u: Usage): number {
  const ms = u.total_ms - u.first_ms;
  return u.completion_tokens > 1 && ms > 50 ? ((u.completion_tokens - 1) * 1000) / ms : 0;
}
