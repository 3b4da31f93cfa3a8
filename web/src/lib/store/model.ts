// What a conversation is. Messages form a tree, so that editing a question or
// asking again loses nothing: each attempt is one more child of its parent.

import type { Message } from '../api/types';

export type { Chat, Failure, Message, Status, Usage } from '../api/types';

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

  /** Takes a message out with everything below it. */
  remove(id: string): void {
    const m = this.#byID.get(id);
    if (!m) return;
    const left = this.siblings(id).filter((x) => x !== id);
    this.#children.set(m.parent, left);
    const queue = [id];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      queue.push(...(this.#children.get(at) ?? []));
      this.#children.delete(at);
      this.#byID.delete(at);
    }
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

  children(id: string): string[] {
    return this.#children.get(id) ?? [];
  }

  /** The answers that are compared with this one, itself among them, in order. */
  compared(m: Message): Message[] {
    if (!m.compare) return [];
    const all = this.siblings(m.id).map((id) => this.#byID.get(id));
    return all.filter((x): x is Message => x?.compare === m.compare);
  }

  all(): Message[] {
    return [...this.#byID.values()];
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
