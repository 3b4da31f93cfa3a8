// What can be done with a chat, for the menus of the side bar and the header.

import type { Item } from '../../components/Menu.svelte';
import { chats as chatAPI } from '../api/client';
import type { Chat } from '../api/types';
import { t } from '../i18n/index.svelte';
import { list } from './list.svelte';
import { session } from './session.svelte';
import { ui } from './ui.svelte';
import { who } from './who.svelte';

export function chatMenu(chat: Chat, rename: () => void): Item[] {
  const words = t();
  if (who.reader) return [{ label: words.exportChat, icon: 'save', items: exports(chat) }];
  return [
    { label: words.rename, icon: 'pencil', run: rename },
    { label: chat.pinned ? words.unpin : words.pin, icon: 'pin', run: () => void list.change(chat, { pinned: !chat.pinned }) },
    { label: words.moveTo, icon: 'folder', items: places(chat) },
    { label: words.share, icon: 'share', run: () => ui.open({ name: 'share', chat }) },
    { label: words.exportChat, icon: 'save', items: exports(chat) },
    { label: words.archive, icon: 'archive', apart: true, run: () => void put(chat) },
    { label: words.remove, icon: 'trash', run: () => void remove(chat) },
  ];
}

function places(chat: Chat): Item[] {
  const to = (folder: string): (() => void) => () => void list.change(chat, { folder });
  return [
    { label: t().noFolder, checked: chat.folder === '', run: to('') },
    ...list.folders.map((f): Item => ({ label: f.name, checked: f.id === chat.folder, run: to(f.id) })),
    { label: t().newFolder, icon: 'plus', apart: true, run: () => ui.open({ name: 'folder', folder: undefined, chat: chat.id }) },
  ];
}

function exports(chat: Chat): Item[] {
  const out: Item[] = [
    { label: t().exportMarkdown, icon: 'file', href: chatAPI.exportPath(chat.id, 'md') },
    { label: t().exportHTML, icon: 'file', href: chatAPI.exportPath(chat.id, 'html') },
    { label: t().exportJSON, icon: 'file', href: chatAPI.exportPath(chat.id, 'json') },
  ];
  if (session.current?.id === chat.id) out.push({ label: t().print, icon: 'print', apart: true, run: () => dispatchEvent(new Event('malmoi-print')) });
  return out;
}

async function put(chat: Chat): Promise<void> {
  if (session.current?.id === chat.id) session.blank();
  await list.archive(chat, true);
}

async function remove(chat: Chat): Promise<void> {
  const open = session.current?.id === chat.id;
  if (open) session.blank();
  if (!(await list.remove(chat)) && open) await session.open(chat.id);
}
