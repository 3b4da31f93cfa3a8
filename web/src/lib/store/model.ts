// What a conversation is. Messages form a tree, so that editing a question or
// asking again loses nothing: each attempt is one more child of its parent.

import type { ToolCall } from '../api/types';

export interface Chat {
  id: string;
  title: string;
  created: number; // ms since 1970, as everywhere here
  updated: number;
  model: string;
  leaf: string; // the last message of the branch on screen, '' when empty
}

/** How an answer ended. 'live' is only ever seen in storage after a crash or reload. */
export type Status = 'live' | 'done' | 'length' | 'stopped' | 'interrupted' | 'error';

export interface Failure {
  kind: string;
  detail: string;
  retryAfter: number;
}

export interface Stats {
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  firstMS: number; // from the request to the first token
  totalMS: number;
}

export interface Message {
  id: string;
  chat: string;
  parent: string; // '' for the first question
  role: 'user' | 'assistant';
  content: string;
  created: number;
  /** How much of a question's beginning was pasted, in UTF-16 units: editing leaves it alone. */
  pasted?: number;
  model?: string;
  reasoning?: string;
  toolCalls?: ToolCall[];
  status?: Status;
  failure?: Failure;
  stats?: Stats;
}

export class Tree {
  #byID = new Map<string, Message>();
  #children = new Map<string, string[]>();

  constructor(messages: Iterable<Message> = []) {
    for (const m of [...messages].sort((a, b) => a.created - b.created)) this.add(m);
  }

  get size(): number {
    return this.#byID.size;
  }

  add(m: Message): void {
    if (!this.#byID.has(m.id)) {
      const siblings = this.#children.get(m.parent) ?? [];
      siblings.push(m.id);
      this.#children.set(m.parent, siblings);
    }
    this.#byID.set(m.id, m);
  }

  get(id: string): Message | undefined {
    return this.#byID.get(id);
  }

  /** The branch that ends in leaf, first question first. */
  path(leaf: string): Message[] {
    const out: Message[] = [];
    let at = this.#byID.get(leaf);
    while (at && out.length <= this.#byID.size) {
      out.push(at);
      at = this.#byID.get(at.parent);
    }
    return out.reverse();
  }

  siblings(id: string): string[] {
    const m = this.#byID.get(id);
    return m ? (this.#children.get(m.parent) ?? []) : [];
  }

  /** Follows the newest child down from id. */
  leafUnder(id: string): string {
    let at = id;
    for (let i = 0; i <= this.#byID.size; i++) {
      const next = this.#children.get(at)?.at(-1);
      if (!next) return at;
      at = next;
    }
    return at;
  }
}

const titleChars = 40;
// Signs that turn the direction of text around could disguise a title.
const bidi = /[\u202a-\u202e\u2066-\u2069]/g;

/** A chat is called what its first question begins with. */
export function titleOf(question: string): string {
  const line = question.split('\n').find((l) => l.trim() !== '') ?? '';
  const chars = [...line.replace(bidi, '').replace(/^[\s#>*`-]+/, '').replace(/\s+/g, ' ').trim()];
  return chars.length > titleChars ? chars.slice(0, titleChars - 1).join('') + '…' : chars.join('');
}

export function newID(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
}
