// The chats of this browser and what happens in them. Components call these
// methods and read these fields; only this file writes to the store.

import { SvelteMap } from 'svelte/reactivity';
import { ApiError, streamChat } from '../api/client';
import type { ChatRequest } from '../api/types';
import { t } from '../i18n/index.svelte';
import { auth } from './auth.svelte';
import { MemoryStore, openStore, type Store } from './db';
import { Live } from './live.svelte';
import { newID, titleOf, Tree, type Chat, type Failure, type Message, type Status } from './model';
import { server } from './server.svelte';
import { settings } from './settings.svelte';
import { toast } from './toasts.svelte';
import { toWire } from './wire';

const saveMS = 1000; // an answer in progress is at most this stale in storage
const undoMS = 6500;

class Session {
  chats = $state.raw<Chat[]>([]); // newest first
  current = $state.raw<Chat | undefined>(undefined);
  path = $state.raw<Message[]>([]); // the branch on screen
  ready = $state(false);
  opening = $state(false);
  running = new SvelteMap<string, Live>(); // by chat
  #tree = new Tree();
  #store: Store = new MemoryStore();
  #doomed = new Map<string, ReturnType<typeof setTimeout>>();
  #clock = 0;
  #channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('malmoi');

  async start(): Promise<void> {
    this.#store = await openStore();
    if (!this.#store.persistent) toast(t().notPersistent);
    for (const id of takeDoomed()) await this.#save(() => this.#store.deleteChat(id));
    await this.#list();
    this.#channel?.addEventListener('message', () => void this.#list());
  }

  get live(): Live | undefined {
    return this.current && this.running.get(this.current.id);
  }

  async #list(): Promise<void> {
    const all = await this.#store.chats();
    this.chats = all.filter((c) => !this.#doomed.has(c.id)).sort((a, b) => b.updated - a.updated);
  }

  /** Times that never repeat, so that they order messages too. */
  #now(): number {
    this.#clock = Math.max(this.#clock + 1, Date.now());
    return this.#clock;
  }

  async open(id: string): Promise<boolean> {
    const chat = this.chats.find((c) => c.id === id);
    if (!chat) return false;
    this.opening = true;
    this.current = chat;
    this.path = [];
    const messages = await this.#store.messages(id);
    if (this.current?.id !== id) return true; // another one was chosen meanwhile
    this.#tree = new Tree(messages);
    const live = this.running.get(id);
    if (live) this.#tree.add(live.message);
    this.path = this.#tree.path(chat.leaf);
    this.opening = false;
    return true;
  }

  blank(): void {
    this.current = undefined;
    this.path = [];
    this.#tree = new Tree();
    this.opening = false;
  }

  /** Asks a question at the end of the branch; makes the chat if there is none. */
  async send(text: string, pasted = 0): Promise<void> {
    const chat = this.current ?? this.#newChat(text.slice(pasted).trim() || text);
    if (this.running.has(chat.id)) return;
    await this.#ask(chat, chat.leaf, text, pasted);
  }

  /** Asks again with other words. The old question stays beside the new one. */
  async edit(id: string, text: string, pasted = 0): Promise<void> {
    const chat = this.current;
    const old = this.#tree.get(id);
    if (!chat || !old || this.running.has(chat.id)) return;
    await this.#ask(chat, old.parent, text, pasted);
  }

  async regenerate(id: string): Promise<void> {
    const chat = this.current;
    const old = this.#tree.get(id);
    if (!chat || !old || this.running.has(chat.id)) return;
    const question = old.role === 'user' ? old.id : old.parent;
    await this.#answer(chat, question, []);
  }

  stop(): void {
    this.live?.controller.abort();
  }

  siblings(id: string): string[] {
    return this.#tree.siblings(id);
  }

  async showBranch(id: string): Promise<void> {
    if (!this.current || this.running.has(this.current.id)) return;
    await this.#update(this.current, { leaf: this.#tree.leafUnder(id) });
  }

  async rename(id: string, title: string): Promise<void> {
    const chat = this.chats.find((c) => c.id === id);
    const clean = title.replace(/\s+/g, ' ').trim().slice(0, 200);
    if (chat && clean !== '') await this.#update(chat, { title: clean }, false);
  }

  async setModel(model: string): Promise<void> {
    settings.model = model;
    if (this.current) await this.#update(this.current, { model }, false);
  }

  /** Gone from the list at once, from storage when the undo has passed. */
  remove(id: string): () => void {
    this.running.get(id)?.controller.abort();
    const forget = (): void => {
      this.#doomed.delete(id);
      void this.#save(() => this.#store.deleteChat(id));
    };
    this.#doomed.set(id, setTimeout(forget, undoMS));
    if (this.current?.id === id) this.blank();
    void this.#list();
    return () => {
      clearTimeout(this.#doomed.get(id));
      this.#doomed.delete(id);
      void this.#list();
    };
  }

  /**
   * The page is going away. What was deleted must not come back, but a page
   * that closes has no time for IndexedDB: the next one does the deleting.
   */
  flush(): void {
    leaveDoomed([...this.#doomed.keys()]);
    for (const live of this.running.values()) void this.#store.putMessage(live.snapshot());
  }

  async clear(): Promise<void> {
    for (const live of this.running.values()) live.controller.abort();
    this.blank();
    await this.#save(() => this.#store.clear());
    await this.#list();
  }

  async branchOf(id: string): Promise<{ chat: Chat; path: Message[] } | undefined> {
    const chat = this.chats.find((c) => c.id === id);
    if (!chat) return undefined;
    return { chat, path: new Tree(await this.#store.messages(id)).path(chat.leaf) };
  }

  #newChat(text: string): Chat {
    const now = this.#now();
    const model = server.current();
    this.#tree = new Tree();
    const chat = { id: newID(), title: titleOf(text), created: now, updated: now, model, leaf: '' };
    this.current = chat;
    return chat;
  }

  async #ask(chat: Chat, parent: string, text: string, pasted: number): Promise<void> {
    const question: Message = {
      id: newID(),
      chat: chat.id,
      parent,
      role: 'user',
      content: text,
      created: this.#now(),
      ...(pasted > 0 && { pasted }),
    };
    this.#tree.add(question);
    await this.#answer(chat, question.id, [question]);
  }

  async #answer(chat: Chat, question: string, alsoSave: Message[]): Promise<void> {
    const model = server.current(chat.model);
    const request = this.#request(model, question);
    const answer: Message = {
      id: newID(),
      chat: chat.id,
      parent: question,
      role: 'assistant',
      content: '',
      created: this.#now(),
      model,
      status: 'live',
    };
    const live = new Live(answer);
    this.running.set(chat.id, live);
    this.#tree.add(answer);
    const updated = this.#show({ ...chat, leaf: answer.id, model, updated: this.#now() });
    await this.#save(() => this.#store.putAll(updated, [...alsoSave, answer]));
    await this.#run(live, request);
  }

  #request(model: string, question: string): ChatRequest {
    const r: ChatRequest = { model, messages: toWire(settings.system, this.#tree.path(question)) };
    if (settings.temperature !== null) r.temperature = settings.temperature;
    if (settings.topP !== null) r.top_p = settings.topP;
    if (settings.maxTokens !== null) r.max_tokens = settings.maxTokens;
    return r;
  }

  async #run(live: Live, request: ChatRequest): Promise<void> {
    const saver = setInterval(() => void this.#save(() => this.#store.putMessage(live.snapshot())), saveMS);
    let status: Status = 'done';
    let failure: Failure | undefined;
    try {
      await this.#stream(live, request);
      if (live.finish === 'length') status = 'length';
    } catch (e) {
      if (live.controller.signal.aborted) status = 'stopped';
      else {
        status = 'error';
        failure = toFailure(e);
        if (failure.kind === 'offline') server.lost();
      }
    }
    clearInterval(saver);
    live.show();
    await this.#finish({ ...live.snapshot(), status, ...(failure && { failure }) });
  }

  /** One retry after each key that the user gives; none once text has come. */
  async #stream(live: Live, request: ChatRequest): Promise<void> {
    for (;;) {
      try {
        return await streamChat(request, { onChunk: (c) => live.take(c) }, live.controller.signal);
      } catch (e) {
        const locked = e instanceof ApiError && e.kind === 'auth';
        if (!locked || !(await auth.ask())) throw e;
        if (server.state === 'locked') void server.refresh();
      }
    }
  }

  async #finish(m: Message): Promise<void> {
    this.running.delete(m.chat);
    if (this.#doomed.has(m.chat) || !this.chats.some((c) => c.id === m.chat)) return;
    if (this.current?.id === m.chat) {
      this.#tree.add(m);
      this.path = this.#tree.path(this.current.leaf);
    }
    await this.#save(() => this.#store.putMessage(m));
  }

  /** Puts a changed chat on the screen and in the list. */
  #show(chat: Chat): Chat {
    if (this.current?.id === chat.id) {
      this.current = chat;
      this.path = this.#tree.path(chat.leaf);
    }
    this.chats = [chat, ...this.chats.filter((c) => c.id !== chat.id)].sort((a, b) => b.updated - a.updated);
    return chat;
  }

  async #update(chat: Chat, change: Partial<Chat>, touch = true): Promise<void> {
    const updated = this.#show({ ...chat, ...change, ...(touch && { updated: this.#now() }) });
    await this.#save(() => this.#store.putChat(updated));
  }

  async #save(write: () => Promise<void>): Promise<void> {
    try {
      await write();
      this.#channel?.postMessage('changed');
    } catch {
      toast(t().saveFailed);
    }
  }
}

const doomedName = 'malmoi.doomed';

function leaveDoomed(ids: string[]): void {
  if (ids.length > 0) localStorage.setItem(doomedName, JSON.stringify(ids));
}

function takeDoomed(): string[] {
  try {
    const ids: unknown = JSON.parse(localStorage.getItem(doomedName) ?? '[]');
    localStorage.removeItem(doomedName);
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

function toFailure(e: unknown): Failure {
  if (e instanceof ApiError) return { kind: e.kind, detail: e.detail, retryAfter: e.retryAfter };
  return { kind: 'server', detail: e instanceof Error ? e.message : '', retryAfter: 0 };
}

export const session = new Session();
