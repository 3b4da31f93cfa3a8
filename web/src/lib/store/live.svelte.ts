// One answer while it is being written. Pieces arrive faster than a screen
// needs them, so they are gathered and shown a few times a second.

import { tick } from 'svelte';
import type { Chunk, ToolCall } from '../api/types';
import type { Message, Stats } from './model';

const showMS = 40;
const maxShowMS = 1000;
const rest = 3; // times as long as drawing took, the page is left to its user

export class Live {
  content = $state('');
  reasoning = $state('');
  toolCalls = $state.raw<ToolCall[]>([]);
  /** ms since the page opened, of the last piece; 0 before the first. */
  lastAt = $state(0);
  readonly startedAt = performance.now();
  readonly controller = new AbortController();
  finish = '';
  #content = '';
  #reasoning = '';
  #calls: ToolCall[] = [];
  #firstAt = 0;
  #endAt = 0;
  #pieces = 0;
  #usage: Chunk['usage'];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #gapMS = showMS;

  constructor(readonly message: Message) {}

  take(chunk: Chunk): void {
    if (chunk.usage) this.#usage = chunk.usage;
    const choice = chunk.choices?.[0];
    if (!choice) return;
    if (choice.finish_reason) this.finish = choice.finish_reason;
    const delta = choice.delta ?? {};
    this.#content += delta.content ?? '';
    this.#reasoning += delta.reasoning_content ?? '';
    for (const call of delta.tool_calls ?? []) this.#takeCall(call.index ?? 0, call);
    if (!delta.content && !delta.reasoning_content && !delta.tool_calls) return;
    this.#pieces++;
    this.#endAt = performance.now();
    if (this.#firstAt === 0) this.#firstAt = this.#endAt;
    this.#timer ??= setTimeout(() => this.#draw(), this.#gapMS);
  }

  #takeCall(index: number, call: { id?: string; function?: { name?: string; arguments?: string } }): void {
    if (index < 0 || index > 63) return;
    const old = this.#calls[index] ?? { id: '', name: '', arguments: '' };
    this.#calls[index] = {
      id: call.id ?? old.id,
      name: call.function?.name ?? old.name,
      arguments: old.arguments + (call.function?.arguments ?? ''),
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

  /** The answer as it is now, to be kept. */
  snapshot(): Message {
    const m: Message = { ...this.message, content: this.#content };
    if (this.#reasoning) m.reasoning = this.#reasoning;
    if (this.#calls.length > 0) m.toolCalls = this.#calls.filter(Boolean);
    if (this.#pieces > 0) m.stats = this.#stats();
    return m;
  }

  #stats(): Stats {
    const u = this.#usage;
    return {
      promptTokens: u?.prompt_tokens ?? 0,
      cachedTokens: u?.prompt_tokens_details?.cached_tokens ?? 0,
      // A stopped answer brings no count; a piece is a token, near enough.
      completionTokens: u?.completion_tokens ?? this.#pieces,
      firstMS: Math.round(this.#firstAt - this.startedAt),
      totalMS: Math.round(this.#endAt - this.startedAt),
    };
  }
}

/** Tokens per second after the first one, or 0 when that says nothing. */
export function speedOf(s: Stats): number {
  const ms = s.totalMS - s.firstMS;
  return s.completionTokens > 1 && ms > 50 ? ((s.completionTokens - 1) * 1000) / ms : 0;
}
