import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Chat, Message } from '../src/lib/api/types';
import { readOutbox } from '../src/lib/store/drafts';
import { list } from '../src/lib/store/list.svelte';
import { session } from '../src/lib/store/session.svelte';

// A server in memory: enough of the API for a question and its answer.

class Server {
  away = false;
  chats = new Map<string, Chat>();
  messages = new Map<string, Message>();
  asked: string[] = [];
  clock = 0;

  handle = async (path: string, init: RequestInit = {}): Promise<Response> => {
    if (this.away) throw new TypeError('fetch failed');
    const [, , kind, id, what] = path.split('?')[0]?.split('/') ?? [];
    const body = typeof init.body === 'string' ? (JSON.parse(init.body) as Record<string, unknown>) : {};
    const m = this.messages.get(id ?? '');
    if (kind === 'chats' && !id && init.method === 'POST') return json(this.#make(body));
    if (kind === 'chats' && what === 'messages') return json(this.#ask(id ?? '', body));
    if (kind === 'chats' && id && init.method === 'PATCH') return json(Object.assign(this.chats.get(id) as Chat, body));
    if (kind === 'chats' && id) return json({ chat: this.chats.get(id), messages: [...this.messages.values()].filter((x) => x.chat === id) });
    if (kind === 'messages' && what === 'stream' && m) return this.#stream(m);
    if (kind === 'messages' && what === 'vote') return new Response(null, { status: 204 });
    return new Response('{"error":{"message":"no","code":"not_found"}}', { status: 404 });
  };

  #make(c: Record<string, unknown>): Chat {
    const chat = {
      title: '', model: '', folder: '', preset: '', system: '', leaf: '', pinned: false, archived: false, created: ++this.clock,
      updated: this.clock, messages: 0, live: false, ...c,
    } as Chat;
    this.chats.set(chat.id, this.chats.get(chat.id) ?? chat);
    return chat;
  }

  #ask(chat: string, b: Record<string, unknown>): unknown {
    const q = b as unknown as { id: string; parent: string; content: string; models: string[] };
    const old = this.messages.get(q.id);
    const answersOf = (): Message[] => [...this.messages.values()].filter((x) => x.parent === q.id);
    if (old) return { question: old, answers: answersOf() }; // asking twice is asking once
    this.asked.push(q.content);
    const question: Message = { id: q.id, chat, parent: q.parent, role: 'user', content: q.content, status: 'done', created: ++this.clock };
    this.messages.set(q.id, question);
    for (const model of q.models) {
      const id = `${q.id}-${model}`;
      this.messages.set(id, { id, chat, parent: q.id, role: 'assistant', content: '', status: 'live', model, created: ++this.clock });
    }
    const c = this.chats.get(chat);
    if (c) this.chats.set(chat, { ...c, leaf: answersOf()[0]?.id ?? q.id, messages: this.messages.size });
    return { question, answers: answersOf() };
  }

  #stream(m: Message): Response {
    const done = { ...m, content: '답입니다.', status: 'done' as const };
    this.messages.set(m.id, done);
    return new Response(`id: 1\nevent: delta\ndata: {"content":"답"}\n\nid: 2\nevent: done\ndata: ${JSON.stringify({ message: done })}\n\n`);
  }
}

const json = (body: unknown): Response => new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' } });
const settle = (): Promise<void> => vi.waitFor(() => expect(session.lives.size).toBe(0));
const words = (): string[] => session.path.map((m) => m.content);

let server: Server;
beforeEach(() => {
  localStorage.clear();
  server = new Server();
  vi.stubGlobal('fetch', vi.fn(server.handle));
  session.blank();
  session.rival = '';
  list.chats = [];
});
afterEach(() => vi.unstubAllGlobals());

describe('session', () => {
  it('shows a question at once, and the answer when it ends', async () => {
    const sent = session.send('질문');
    expect(words()).toEqual(['질문']);
    expect(session.path[0]?.unsent).toBe('sending');
    expect(list.chats.map((c) => c.title)).toEqual(['질문']);
    await sent;
    await settle();
    expect(words()).toEqual(['질문', '답입니다.']);
    expect(session.path[0]?.unsent).toBeUndefined();
    expect(readOutbox()).toEqual([]);
  });

  it('keeps a question that does not get through, and sends it once', async () => {
    server.away = true;
    await session.send('기다릴 질문');
    const q = session.path[0] as Message;
    expect(q.unsent).toMatchObject({ kind: 'offline' });
    expect(readOutbox().map((u) => u.message.content)).toEqual(['기다릴 질문']);
    // The page is closed and opened again at the same address.
    session.blank();
    expect(session.openUnsent(q.chat)).toBe(true);
    expect(words()).toEqual(['기다릴 질문']);
    server.away = false;
    await Promise.all([session.resendAll(), session.resend(q.id)]);
    await settle();
    expect(server.asked).toEqual(['기다릴 질문']);
    expect(words()).toEqual(['기다릴 질문', '답입니다.']);
    expect(readOutbox()).toEqual([]);
  });

  it('gives an unsent question up without a trace', async () => {
    server.away = true;
    await session.send('버릴 질문');
    expect(session.discard(session.path[0]?.id ?? '')).toBe('버릴 질문');
    expect(session.current).toBeUndefined();
    expect(list.chats).toEqual([]);
    expect(readOutbox()).toEqual([]);
  });

  it('strips what no text may hold', async () => {
    await session.send('가\0나\ud83d다');
    await settle();
    expect(server.asked).toEqual(['가 나\ufffd다']);
  });

  it('shows what another tab asked, and follows its answer', async () => {
    await session.send('하나');
    await settle();
    const id = session.current?.id ?? '';
    const parent = session.current?.leaf ?? '';
    await server.handle(`/api/chats/${id}/messages`, { method: 'POST', body: JSON.stringify({ id: 'q'.repeat(16), parent, content: '다른 탭', models: ['m'] }) });
    session.heardChat(server.chats.get(id) as Chat);
    await vi.waitFor(() => expect(words()).toEqual(['하나', '답입니다.', '다른 탭', '답입니다.']));
    session.heardDeleted(id);
    expect(session.current).toBeUndefined();
  });

  it('asks two models, and goes on from one', async () => {
    session.rival = 'b';
    await session.send('비교');
    await settle();
    const last = session.path.at(-1) as Message;
    expect(server.asked).toEqual(['비교']);
    expect(session.siblings(last.id)).toHaveLength(2);
    await session.showBranch(session.siblings(last.id)[1] ?? '');
    expect(session.path.at(-1)?.model).toBe('b');
  });

  it('takes a vote back when it is given again', async () => {
    await session.send('좋니?');
    await settle();
    await session.vote(session.path[1] as Message, 'up');
    expect(session.path[1]?.vote).toBe('up');
    await session.vote(session.path[1] as Message, 'up');
    expect(session.path[1]?.vote).toBeUndefined();
  });
});
