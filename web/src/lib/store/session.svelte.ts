// The chat on the screen and the answers being written. The server owns both:
// this follows what it says, and shows at once what the user does.

import { SvelteMap } from 'svelte/reactivity';
import { chats as chatAPI, messages as messageAPI } from '../api/client';
import { ApiError } from '../api/http';
import { follow } from '../api/stream';
import type { Chat, Delta, Message } from '../api/types';
import { t } from '../i18n/index.svelte';
import type { Choice } from '../skills/choice';
import { pageCalls } from '../python/calls.svelte';
import { dropUnsent, keepUnsent, readOutbox, type Unsent } from './drafts';
import { sayFailure, toFailure } from './failure';
import { list } from './list.svelte';
import { Live } from './live.svelte';
import { newID, titleOf, Tree } from './model';
import { prefs } from './prefs.svelte';
import { server } from './server.svelte';
import { settings } from './settings.svelte';
import { toast } from './toasts.svelte';
import { who } from './who.svelte';

const reloadMS = 150; // changes elsewhere come in bunches

class Session {
  current = $state.raw<Chat | undefined>(undefined);
  path = $state.raw<Message[]>([]); // the branch on screen
  opening = $state(false);
  failed = $state.raw<unknown>(undefined); // why the chat could not be opened
  lives = new SvelteMap<string, Live>(); // by message
  /** A second model that is to answer beside the first, '' for none. */
  rival = $state('');
  /** The preset that a new chat will have, and the model that it asks for. */
  preset = $state.raw({ id: '', model: '' });
  /** Whether a new chat may use tools. */
  #skills = $state.raw<Choice>({ use: '', names: [] });
  /** Folder of the chat that the next question makes. */
  folder = $state('');
  #tree = new Tree();
  #unsent = new Map<string, Unsent>();
  #reload: ReturnType<typeof setTimeout> | undefined;

  /** An answer of the branch on screen that is being written. */
  get live(): Live | undefined {
    for (const live of this.lives.values()) {
      if (live.message.chat === this.current?.id && this.#onScreen(live.message)) return live;
    }
    return undefined;
  }

  #onScreen(m: Message): boolean {
    const last = this.path.at(-1);
    return this.path.some((x) => x.id === m.id) || (!!m.compare && last?.compare === m.compare);
  }

  /** Whether any answer of a chat is being written, as far as is known here. */
  busy(chat: Chat): boolean {
    if (chat.live) return true;
    for (const live of this.lives.values()) if (live.message.chat === chat.id) return true;
    return false;
  }

  get(id: string): Message | undefined {
    return this.#tree.get(id);
  }
  siblings(id: string): string[] {
    return this.#tree.siblings(id);
  }
  compared(m: Message): Message[] {
    return this.#tree.compared(m);
  }
  hasReplies(id: string): boolean {
    return this.#tree.children(id).length > 0;
  }

  blank(folder = ''): void {
    this.current = undefined;
    this.folder = folder;
    this.preset = { id: '', model: '' };
    this.#skills = { use: '', names: [] };
    this.failed = undefined;
    this.opening = false;
    this.#tree = new Tree();
    this.path = [];
    this.#putBackUnsent('');
  }

  /** Shows a chat. False when the server does not have it (for this user). */
  async open(id: string): Promise<boolean> {
    const known = list.get(id);
    this.opening = true;
    this.failed = undefined;
    this.#tree = new Tree();
    this.path = [];
    this.current = known ?? ({ ...unknownChat, id } as Chat);
    try {
      const { chat, messages } = await chatAPI.open(id);
      if (this.current?.id !== id) return true; // another one was chosen meanwhile
      this.current = chat;
      this.#tree = new Tree(messages);
      for (const m of messages) if (m.status === 'live') void this.#follow(m);
      this.#putBackUnsent(id);
      this.#show();
    } catch (e) {
      if (this.current?.id !== id) return true;
      if (e instanceof ApiError && (e.kind === 'missing' || e.kind === 'request')) return false;
      this.failed = e;
    } finally {
      if (this.current?.id === id) this.opening = false;
    }
    return true;
  }

  /** Looks again at the open chat: something has changed elsewhere. */
  async refresh(): Promise<void> {
    const id = this.current?.id;
    if (!id || this.opening) return;
    if (this.failed) return void (await this.open(id));
    try {
      const { chat, messages } = await chatAPI.open(id);
      if (this.current?.id !== id) return;
      const sending = this.#tree.all().filter((m) => m.unsent && !messages.some((x) => x.id === m.id));
      this.#tree = new Tree([...messages, ...sending]);
      for (const m of messages) if (m.status === 'live') void this.#follow(m);
      this.current = sending.length > 0 ? { ...chat, leaf: this.current.leaf } : chat;
      this.#show();
    } catch (e) {
      if (e instanceof ApiError && e.kind === 'missing' && this.current?.id === id && this.#unsent.size === 0) this.blank();
    }
  }

  refreshSoon(): void {
    clearTimeout(this.#reload);
    this.#reload = setTimeout(() => void this.refresh(), reloadMS);
  }

  // What happened elsewhere, or here a moment ago.

  heardChat(chat: Chat): void {
    list.put(chat);
    if (this.current?.id !== chat.id) return;
    const leaf = this.#tree.get(chat.leaf) || chat.leaf === '' ? chat.leaf : this.current.leaf;
    if (leaf !== chat.leaf) this.refreshSoon();
    const sending = this.path.at(-1)?.unsent !== undefined;
    this.current = { ...chat, leaf: sending ? this.current.leaf : leaf };
    this.#show();
  }

  heardMessage(m: Message): void {
    if (this.current?.id !== m.chat) return;
    if (this.#tree.get(m.parent) === undefined && m.parent !== '') return this.refreshSoon();
    if (m.status === 'live') return void this.#follow(m);
    const live = this.lives.get(m.id);
    if (live) return; // its stream ends by itself, with the same
    this.#tree.add(m);
    this.#show();
  }

  heardDeleted(id: string): void {
    list.drop(id);
    if (this.current?.id === id) this.blank();
  }

  /** Asks a question at the end of the branch; makes the chat if there is none. */
  send(text: string, pasted = 0): Promise<void> {
    const chat = this.current;
    const leaf = chat?.leaf ?? '';
    return this.#ask(chat, leaf, text, pasted);
  }

  /** Asks again with other words. The old question stays beside the new one. */
  async edit(id: string, text: string, pasted = 0): Promise<void> {
    const old = this.#tree.get(id);
    if (!this.current || !old) return;
    if (old.unsent) this.discard(id);
    await this.#ask(this.current, old.parent, text, pasted);
  }

  async #ask(chat: Chat | undefined, parent: string, words: string, pasted: number): Promise<void> {
    // What no text may hold, but a clipboard can: NUL, and halves of characters.
    const text = words.replaceAll('\0', ' ').replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
    const fresh = chat === undefined;
    const now = Date.now();
    const id = newID();
    const home: Chat = chat ?? {
      ...unknownChat, id: newID(), title: titleOf(text.slice(pasted).trim() || text), model: server.current(this.preset.model),
      folder: this.folder, preset: this.preset.id, skills: this.#skills.use, skill_names: this.#skills.names, created: now, updated: now,
    };
    const message: Message = {
      id, chat: home.id, parent, role: 'user', content: text, status: 'done', created: now, unsent: 'sending',
      ...(pasted > 0 && { pasted }),
    };
    const first = server.current(home.model);
    const models = this.rival !== '' && this.rival !== first ? [first, this.rival] : [first];
    const unsent: Unsent = { message, models, fresh, folder: home.folder, preset: home.preset, skills: home.skills ?? '', skillNames: home.skill_names ?? [] };
    this.#tree.add(message);
    this.current = { ...home, leaf: id };
    if (fresh) list.put(this.current);
    this.#show();
    await this.#deliver(unsent);
  }

  /** Gives a question to the server. What it does not take stays on the screen and in the outbox. */
  async #deliver(u: Unsent): Promise<void> {
    const { message } = u;
    keepUnsent(u);
    this.#unsent.set(message.id, u);
    this.#mark(message, 'sending');
    try {
      await prefs.settled(); // what was set a moment ago holds for this question
      if (u.fresh) {
        // The server names a chat by its first line, which of a paste says little.
        const typed = message.pasted ? titleOf(message.content.slice(message.pasted)) : '';
        const c = { id: message.chat, model: u.models[0], ...(typed !== '' && { title: typed }), ...(u.folder !== '' && { folder: u.folder }), ...(u.preset && { preset: u.preset }), ...(u.skills && { skills: u.skills }), ...(u.skillNames?.length && { skill_names: u.skillNames }) };
        list.put({ ...(await chatAPI.make(c)), title: this.current?.id === message.chat ? this.current.title : '', leaf: message.id });
        u.fresh = false;
      }
      const { question, answers } = await messageAPI.ask(message.chat, {
        id: message.id, parent: message.parent, content: message.content, models: u.models,
        ...(message.pasted !== undefined && { pasted: message.pasted }),
      });
      dropUnsent(message.id);
      this.#unsent.delete(message.id);
      this.#taken(question, answers);
    } catch (e) {
      const failure = toFailure(e);
      if (failure.kind === 'offline') server.lost();
      this.#mark(message, failure);
    }
  }

  #taken(question: Message, answers: Message[]): void {
    const id = question.chat;
    if (this.current?.id === id) {
      this.#tree.add(question);
      this.current = { ...this.current, leaf: answers[0]?.id ?? question.id };
    }
    for (const a of answers) {
      if (a.status === 'live') void this.#follow(a);
      else if (this.current?.id === id) this.#tree.add(a);
    }
    this.#show();
  }

  #mark(m: Message, unsent: NonNullable<Message['unsent']>): void {
    if (this.current?.id !== m.chat || !this.#tree.get(m.id)) return;
    this.#tree.add({ ...m, unsent });
    this.#show();
  }

  /** Sends a question again that did not get through. */
  async resend(id: string): Promise<void> {
    const u = this.#unsent.get(id);
    if (u) await this.#deliver(u);
  }

  /** The server is back: what it missed is sent now, in order. */
  async resendAll(): Promise<void> {
    for (const u of [...this.#unsent.values()]) {
      const m = this.#tree.get(u.message.id);
      if (m && typeof m.unsent === 'object' && m.unsent.kind === 'offline') await this.#deliver(u);
    }
  }

  /** Gives up a question that was never taken; resolves to its words. */
  discard(id: string): string {
    const m = this.#tree.get(id);
    dropUnsent(id);
    this.#unsent.delete(id);
    if (!m || !this.current) return '';
    this.#tree.remove(id);
    if (this.#tree.size === 0 && this.current.messages === 0) {
      list.drop(this.current.id);
      this.blank(this.current.folder);
    } else {
      this.current = { ...this.current, leaf: m.parent };
      this.#show();
    }
    return m.content;
  }

  /** Puts questions back that an earlier page could not send. */
  #putBackUnsent(chat: string): void {
    this.#unsent.clear();
    for (const u of readOutbox()) {
      if (chat === '' || u.message.chat !== chat) continue;
      if (this.#tree.get(u.message.id)) {
        dropUnsent(u.message.id); // it did get through
        continue;
      }
      this.#unsent.set(u.message.id, u);
      this.#tree.add({ ...u.message, unsent: { kind: 'offline', detail: '', retry_after: 0 } });
      if (this.current) this.current = { ...this.current, leaf: u.message.id };
    }
  }

  /** Opens a chat that exists only in the outbox: its first question never got through. */
  openUnsent(id: string): boolean {
    const u = readOutbox().find((x) => x.message.chat === id && x.fresh);
    if (!u) return false;
    this.current = { ...unknownChat, id, title: titleOf(u.message.content), folder: u.folder, preset: u.preset ?? '', created: u.message.created, updated: u.message.created };
    this.#tree = new Tree();
    this.#putBackUnsent(id);
    this.opening = false;
    this.#show();
    return true;
  }

  /** Has a question answered again; id is its or one of its answers'. */
  async regenerate(id: string, model = ''): Promise<void> {
    await this.#start(async () => {
      await prefs.settled();
      const { answer } = await messageAPI.again(id, model || server.current(this.current?.model), {});
      if (this.current?.id === answer.chat) this.current = { ...this.current, leaf: answer.id };
      void this.#follow(answer);
    });
  }

  async goOn(id: string): Promise<void> {
    await this.#start(async () => {
      const { answer } = await messageAPI.goOn(id);
      void this.#follow(answer);
    });
  }

  async #start(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#show();
    } catch (e) {
      toast(sayFailure(e, t()));
    }
  }

  /** Reads an answer until it ends, however often the connection breaks. */
  async #follow(m: Message): Promise<void> {
    if (this.lives.has(m.id)) return;
    const live = new Live(m);
    this.lives.set(m.id, live);
    if (this.current?.id === m.chat) {
      this.#tree.add(m);
      this.#show();
    }
    let end: Message | undefined;
    const calls = (): void => void (who.reader || pageCalls.heard(m.id, live.calls));
    calls();
    try {
      await follow(messageAPI.streamPath(m.id), {
        connected: (yes) => {
          live.lost = !yes;
          if (!yes) void server.refresh();
        },
        take: (e) => {
          if (e.event === 'delta') live.take(JSON.parse(e.data) as Delta);
          else if (e.event === 'reset') live.replace((JSON.parse(e.data) as { message: Message }).message);
          else if (e.event === 'done') end = (JSON.parse(e.data) as { message: Message }).message;
          calls();
          return end !== undefined;
        },
      }, live.controller.signal);
    } catch {
      // it is gone, or not ours to read any more: look at the chat again
    }
    pageCalls.ended(m.id);
    live.show();
    this.lives.delete(m.id);
    if (end) this.#ended(end);
    else this.refreshSoon();
  }

  #ended(m: Message): void {
    const known = list.get(m.chat);
    if (known?.live) list.put({ ...known, live: false });
    if (this.current?.id !== m.chat) return;
    this.#tree.add(m);
    this.#show();
  }

  /** Stops what is being written on this branch. */
  async stop(): Promise<void> {
    const mine = [...this.lives.values()].filter((l) => l.message.chat === this.current?.id && this.#onScreen(l.message));
    try {
      await Promise.all(mine.map((l) => messageAPI.stop(l.message.id)));
    } catch (e) {
      toast(sayFailure(e, t()));
    }
  }

  async showBranch(id: string): Promise<void> {
    if (!this.current) return;
    await this.#setLeaf(this.#tree.leafUnder(id));
  }

  /** Makes the branch of a message the one on screen. */
  async reveal(id: string): Promise<void> {
    if (!this.#tree.get(id) || this.path.some((m) => m.id === id)) return;
    await this.#setLeaf(this.#tree.leafUnder(id));
  }

  async #setLeaf(leaf: string): Promise<void> {
    const chat = this.current;
    if (!chat || chat.leaf === leaf) return;
    this.current = { ...chat, leaf };
    this.#show();
    if (chat.messages > 0) await chatAPI.change(chat.id, { leaf }).catch(() => {}); // only where one reads on next time
  }

  async removeMessage(id: string): Promise<void> {
    const m = this.#tree.get(id);
    const chat = this.current;
    if (!m || !chat) return;
    try {
      await messageAPI.remove(id);
    } catch (e) {
      return toast(sayFailure(e, t()));
    }
    const before = chat.leaf;
    this.#tree.remove(id);
    const sibling = this.#tree.siblings(id).at(-1) ?? this.#tree.children(m.parent).at(-1);
    this.current = { ...chat, leaf: this.#tree.leafUnder(sibling ?? m.parent) };
    this.#show();
    await chatAPI.change(chat.id, { leaf: this.current.leaf }).catch(() => {});
    toast(t().messageRemoved, {
      label: t().undo,
      run: () => void this.#restoreMessage(id, chat.id, before),
    });
  }

  async #restoreMessage(id: string, chat: string, leaf: string): Promise<void> {
    try {
      await messageAPI.restore(id);
      await chatAPI.change(chat, { leaf });
      if (this.current?.id === chat) await this.refresh();
    } catch (e) {
      toast(sayFailure(e, t()));
    }
  }

  /** Thumbs. The same again takes it back. */
  async vote(m: Message, vote: 'up' | 'down'): Promise<void> {
    const next = m.vote === vote ? '' : vote;
    const put = (v: 'up' | 'down' | ''): void => {
      const now = this.#tree.get(m.id);
      if (now) this.#tree.add({ ...now, vote: v || undefined });
      this.#show();
    };
    put(next);
    try {
      await messageAPI.vote(m.id, next);
    } catch (e) {
      put(m.vote ?? '');
      toast(sayFailure(e, t()));
    }
  }

  /** Which of two answers is better; the chat goes on from it. */
  async prefer(m: Message, chosen: Message | 'tie'): Promise<boolean> {
    try {
      await messageAPI.prefer(m.parent, chosen === 'tie' ? 'tie' : chosen.id);
    } catch (e) {
      toast(sayFailure(e, t()));
      return false;
    }
    if (chosen !== 'tie') await this.#setLeaf(chosen.id);
    return true;
  }

  get skills(): Choice {
    const chat = this.current;
    return chat && chat.messages > 0 ? { use: chat.skills ?? '', names: chat.skill_names ?? [] } : this.#skills;
  }

  /** Lets this chat's answers use tools, or not, or single ones; '' is what the settings say. */
  async setSkills(choice: Choice): Promise<void> {
    const chat = this.current;
    if (!chat || chat.messages === 0) {
      this.#skills = choice;
      return;
    }
    const change = { skills: choice.use, skill_names: choice.names };
    this.current = { ...chat, ...change };
    const now = await list.change(chat, change);
    if (!now && this.current?.id === chat.id) this.current = { ...this.current, skills: chat.skills, skill_names: chat.skill_names };
  }

  async setModel(model: string): Promise<void> {
    settings.model = model;
    if (this.rival === model) this.rival = '';
    this.preset = { ...this.preset, model: '' };
    const chat = this.current;
    if (!chat || chat.messages === 0) return prefs.change({ default_model: model });
    this.current = { ...chat, model };
    await list.change(chat, { model });
  }

  /** Uses a preset from now on in this chat; '' uses none. Its model comes with it where it is there. */
  async setPreset(id: string, model: string): Promise<void> {
    const chat = this.current;
    if (!chat || chat.messages === 0) {
      this.preset = { id, model };
      if (chat) this.current = { ...chat, preset: id };
      return;
    }
    const change = { preset: id, ...(server.model(model) && { model }) };
    this.current = { ...chat, ...change };
    const now = await list.change(chat, change);
    if (!now && this.current?.id === chat.id) this.current = { ...this.current, preset: chat.preset, model: chat.model };
  }

  #show(): void {
    this.path = this.current ? this.#tree.path(this.current.leaf) : [];
  }
}

const unknownChat: Omit<Chat, 'id'> = {
  title: '', model: '', folder: '', preset: '', system: '', leaf: '', pinned: false, archived: false,
  created: 0, updated: 0, messages: 0, live: false,
};

export const session = new Session();
