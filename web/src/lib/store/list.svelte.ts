// The chats and folders of the side bar, as the server has them. Changes show
// at once and are taken back when the server refuses.

import { chats as chatAPI, folders as folderAPI, type ChatChange } from '../api/client';
import { ApiError } from '../api/http';
import type { Chat, Folder } from '../api/types';
import { t } from '../i18n/index.svelte';
import { sayFailure } from './failure';
import { toast } from './toasts.svelte';

/** Pinned ones first, then the newest, as the server lists them. */
export function inOrder(a: Chat, b: Chat): number {
  return Number(b.pinned) - Number(a.pinned) || b.updated - a.updated || (a.id < b.id ? 1 : -1);
}

class ChatList {
  chats = $state.raw<Chat[]>([]);
  folders = $state.raw<Folder[]>([]);
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  /** Where the list goes on, '' at its end. */
  next = $state('');
  #loadingMore = false;

  async load(): Promise<void> {
    try {
      const [list, folders] = await Promise.all([chatAPI.list(), folderAPI.list()]);
      this.chats = list.chats.sort(inOrder);
      this.next = list.next;
      this.folders = folders;
      this.state = 'ready';
    } catch (e) {
      if (this.state === 'loading') this.state = 'failed';
      throw e;
    }
  }

  /** The next page of older chats. */
  async more(): Promise<void> {
    if (this.next === '' || this.#loadingMore) return;
    this.#loadingMore = true;
    try {
      const list = await chatAPI.list(this.next);
      const known = new Set(this.chats.map((c) => c.id));
      this.chats = [...this.chats, ...list.chats.filter((c) => !known.has(c.id))].sort(inOrder);
      this.next = list.next;
    } catch {
      // scrolling on tries again
    } finally {
      this.#loadingMore = false;
    }
  }

  async loadFolders(): Promise<void> {
    this.folders = await folderAPI.list();
  }

  get(id: string): Chat | undefined {
    return this.chats.find((c) => c.id === id);
  }
  folder(id: string): Folder | undefined {
    return this.folders.find((f) => f.id === id);
  }

  /** Shows a chat as the server has it now. */
  put(chat: Chat): void {
    const rest = this.chats.filter((c) => c.id !== chat.id);
    this.chats = chat.archived ? rest : [...rest, chat].sort(inOrder);
  }

  drop(id: string): void {
    this.chats = this.chats.filter((c) => c.id !== id);
  }

  /** Changes a chat; resolves to it, or to undefined when the server refused. */
  async change(chat: Chat, change: ChatChange): Promise<Chat | undefined> {
    this.put({ ...chat, ...change });
    try {
      const now = await chatAPI.change(chat.id, change);
      this.put(now);
      return now;
    } catch (e) {
      this.put(chat);
      toast(sayFailure(e, t()));
      return undefined;
    }
  }

  async rename(chat: Chat, title: string): Promise<void> {
    const clean = title.replace(/\s+/g, ' ').trim().slice(0, 200);
    if (clean !== '' && clean !== chat.title) await this.change(chat, { title: clean });
  }

  async archive(chat: Chat, archived: boolean): Promise<void> {
    const done = await this.change(chat, { archived });
    if (!done) return;
    const words = archived ? t().archived(chat.title || t().untitled) : t().unarchived(chat.title || t().untitled);
    toast(words, { label: t().undo, run: () => void this.change(done, { archived: !archived }) });
  }

  /** Gone at once; the server keeps it for 30 days, the undo brings it back. */
  async remove(chat: Chat): Promise<boolean> {
    this.drop(chat.id);
    try {
      await chatAPI.remove(chat.id);
    } catch (e) {
      if (!(e instanceof ApiError && e.kind === 'missing')) {
        this.put(chat);
        toast(sayFailure(e, t()));
        return false;
      }
    }
    toast(t().removed(chat.title || t().untitled), { label: t().undo, run: () => void this.restore(chat.id) });
    return true;
  }

  async restore(id: string): Promise<void> {
    try {
      this.put(await chatAPI.restore(id));
    } catch (e) {
      toast(sayFailure(e, t()));
    }
  }

  /** Deletes every chat that is listed, page by page. */
  async clear(): Promise<void> {
    for (;;) {
      const { chats } = await chatAPI.list();
      if (chats.length === 0) break;
      for (const c of chats) await chatAPI.remove(c.id);
    }
    await this.load();
  }

  async saveFolder(id: string | undefined, name: string, instructions: string): Promise<Folder> {
    const saved = id ? await folderAPI.change(id, { name, instructions }) : await folderAPI.make(name, instructions);
    this.folders = [...this.folders.filter((f) => f.id !== saved.id), saved].sort((a, b) => a.created - b.created);
    return saved;
  }

  async removeFolder(id: string): Promise<void> {
    await folderAPI.remove(id);
    this.folders = this.folders.filter((f) => f.id !== id);
    this.chats = this.chats.map((c) => (c.folder === id ? { ...c, folder: '' } : c));
  }
}

export const list = new ChatList();
