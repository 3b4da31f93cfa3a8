// Earlier versions kept chats in this browser's IndexedDB. They are offered
// once for moving to the server, and stay reachable in the data panel.

import { importFile } from '../api/client';
import type { Imported, Message } from '../api/types';
import { t } from '../i18n/index.svelte';
import { sayFailure } from './failure';
import { list } from './list.svelte';
import { toast } from './toasts.svelte';
import { who } from './who.svelte';

const dbName = 'malmoi';
const askedName = 'malmoi.oldchats';

interface OldChat {
  id: string;
  title: string;
  created: number;
  updated: number;
  model: string;
  leaf: string;
}
interface OldMessage {
  id: string;
  chat: string;
  parent: string;
  role: 'user' | 'assistant';
  content: string;
  created: number;
  pasted?: number;
  model?: string;
  reasoning?: string;
  toolCalls?: { id: string; name: string; arguments: string }[];
  status?: string;
  failure?: { kind: string; detail: string; retryAfter: number };
  stats?: { promptTokens: number; cachedTokens: number; completionTokens: number; firstMS: number; totalMS: number };
}

export interface OldChats {
  chats: OldChat[];
  messages: OldMessage[];
}

/** Reads the old database; undefined when there is none or it is empty. */
export async function readOldChats(factory: IDBFactory | undefined = globalThis.indexedDB): Promise<OldChats | undefined> {
  if (!factory) return undefined;
  try {
    const db = await open(factory);
    if (!db) return undefined;
    try {
      const names = [...db.objectStoreNames];
      if (!names.includes('chats') || !names.includes('messages')) return undefined;
      const tx = db.transaction(['chats', 'messages'], 'readonly');
      const [chats, messages] = await Promise.all([
        settled<OldChat[]>(tx.objectStore('chats').getAll()),
        settled<OldMessage[]>(tx.objectStore('messages').getAll()),
      ]);
      return chats.length > 0 ? { chats, messages } : undefined;
    } finally {
      db.close();
    }
  } catch {
    return undefined; // a private window, or a database of somebody else
  }
}

/** Opens the database if it exists; asking for it must not make it. */
function open(factory: IDBFactory): Promise<IDBDatabase | undefined> {
  return new Promise((resolve, reject) => {
    const request = factory.open(dbName);
    let fresh = false;
    request.onupgradeneeded = () => {
      fresh = true;
      request.transaction?.abort();
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => (fresh ? resolve(undefined) : reject(request.error));
    request.onblocked = () => resolve(undefined);
  });
}

function settled<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = () => reject(request.error);
  });
}

/** The old chats as the file that the server's own export writes. */
export function toArchive(old: OldChats, now: number): unknown {
  const byChat = new Map<string, OldMessage[]>();
  for (const m of old.messages) byChat.set(m.chat, [...(byChat.get(m.chat) ?? []), m]);
  const chats = old.chats.map((c) => ({ ...c, messages: (byChat.get(c.id) ?? []).map(toMessage) }));
  return { format: 'malmoi.chats', version: 1, exported: now, note: 'AI가 생성한 답변', chats };
}

function toMessage(m: OldMessage): Omit<Message, 'chat'> {
  const f = m.failure;
  const s = m.stats;
  return {
    id: m.id,
    parent: m.parent,
    role: m.role,
    content: m.content,
    created: m.created,
    status: (m.status === 'live' ? 'interrupted' : (m.status ?? 'done')) as Message['status'],
    ...(m.pasted !== undefined && { pasted: m.pasted }),
    ...(m.model !== undefined && { model: m.model }),
    ...(m.reasoning !== undefined && { reasoning: m.reasoning }),
    ...(m.toolCalls !== undefined && { tool_calls: m.toolCalls }),
    ...(f && { failure: { kind: f.kind, detail: f.detail, retry_after: f.retryAfter } }),
    ...(s && {
      usage: {
        prompt_tokens: s.promptTokens, cached_tokens: s.cachedTokens, completion_tokens: s.completionTokens,
        reasoning_tokens: 0, first_ms: s.firstMS, total_ms: s.totalMS,
      },
    }),
  };
}

/** Moves them. The old database is only deleted when nothing was left out. */
export async function moveOldChats(old: OldChats): Promise<Imported> {
  const done = await importFile(new Blob([JSON.stringify(toArchive(old, Date.now()))], { type: 'application/json' }));
  if ((done.skipped ?? []).length === 0) globalThis.indexedDB.deleteDatabase(dbName);
  await list.load();
  return done;
}

/** Asks once, in a message that stays until it is answered. */
export async function offerOldChats(): Promise<void> {
  if (who.reader || localStorage.getItem(askedName) !== null) return;
  const old = await readOldChats();
  if (!old) return;
  toast(
    t().oldChats(old.chats.length),
    {
      label: t().oldChatsMove,
      run: () =>
        void moveOldChats(old).then(
          (done) => toast(t().imported(done.chats, done.messages)),
          (e) => {
            localStorage.removeItem(askedName);
            toast(sayFailure(e, t()));
          },
        ),
    },
    { stay: true, closed: () => localStorage.setItem(askedName, String(Date.now())) },
  );
}
