// Where chats are kept: IndexedDB, one row per chat and one per message. Where
// the browser refuses it (some private windows) memory serves, and persistent
// says so, because then a reload does lose the chat.

import type { Chat, Message } from './model';

export interface Store {
  readonly persistent: boolean;
  chats(): Promise<Chat[]>;
  messages(chat: string): Promise<Message[]>;
  putChat(c: Chat): Promise<void>;
  putMessage(m: Message): Promise<void>;
  /** A question, its answer's place and the chat they belong to: all or none. */
  putAll(c: Chat, messages: Message[]): Promise<void>;
  deleteChat(id: string): Promise<void>;
  clear(): Promise<void>;
}

const name = 'malmoi';
const version = 1;

export async function openStore(factory: IDBFactory | undefined = globalThis.indexedDB): Promise<Store> {
  if (!factory) return new MemoryStore();
  try {
    return new IndexedStore(await open(factory));
  } catch {
    return new MemoryStore();
  }
}

function open(factory: IDBFactory): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, version);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('chats', { keyPath: 'id' });
      request.result.createObjectStore('messages', { keyPath: 'id' }).createIndex('chat', 'chat');
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('store: blocked by another tab'));
  });
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

class IndexedStore implements Store {
  readonly persistent = true;

  constructor(private readonly db: IDBDatabase) {
    // A newer page in another tab wants to upgrade: do not stand in its way.
    db.onversionchange = () => db.close();
  }

  chats(): Promise<Chat[]> {
    return settled(this.db.transaction('chats').objectStore('chats').getAll() as IDBRequest<Chat[]>);
  }

  messages(chat: string): Promise<Message[]> {
    const index = this.db.transaction('messages').objectStore('messages').index('chat');
    return settled(index.getAll(chat) as IDBRequest<Message[]>);
  }

  putChat(c: Chat): Promise<void> {
    return this.#write(['chats'], (t) => t.objectStore('chats').put(c));
  }

  putMessage(m: Message): Promise<void> {
    return this.#write(['messages'], (t) => t.objectStore('messages').put(m));
  }

  putAll(c: Chat, messages: Message[]): Promise<void> {
    return this.#write(['chats', 'messages'], (t) => {
      t.objectStore('chats').put(c);
      for (const m of messages) t.objectStore('messages').put(m);
    });
  }

  deleteChat(id: string): Promise<void> {
    return this.#write(['chats', 'messages'], (t) => {
      t.objectStore('chats').delete(id);
      const cursor = t.objectStore('messages').index('chat').openKeyCursor(id);
      cursor.onsuccess = () => {
        if (!cursor.result) return;
        t.objectStore('messages').delete(cursor.result.primaryKey);
        cursor.result.continue();
      };
    });
  }

  clear(): Promise<void> {
    return this.#write(['chats', 'messages'], (t) => {
      t.objectStore('chats').clear();
      t.objectStore('messages').clear();
    });
  }

  #write(stores: string[], work: (t: IDBTransaction) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const t = this.db.transaction(stores, 'readwrite');
      t.oncomplete = () => resolve();
      t.onerror = () => reject(t.error);
      t.onabort = () => reject(t.error ?? new Error('store: write aborted'));
      work(t);
    });
  }
}

export class MemoryStore implements Store {
  readonly persistent = false;
  #chats = new Map<string, Chat>();
  #messages = new Map<string, Message>();

  async chats(): Promise<Chat[]> {
    return [...this.#chats.values()];
  }

  async messages(chat: string): Promise<Message[]> {
    return [...this.#messages.values()].filter((m) => m.chat === chat);
  }

  async putChat(c: Chat): Promise<void> {
    this.#chats.set(c.id, c);
  }

  async putMessage(m: Message): Promise<void> {
    this.#messages.set(m.id, m);
  }

  async putAll(c: Chat, messages: Message[]): Promise<void> {
    this.#chats.set(c.id, c);
    for (const m of messages) this.#messages.set(m.id, m);
  }

  async deleteChat(id: string): Promise<void> {
    this.#chats.delete(id);
    for (const m of this.#messages.values()) if (m.chat === id) this.#messages.delete(m.id);
  }

  async clear(): Promise<void> {
    this.#chats.clear();
    this.#messages.clear();
  }
}
