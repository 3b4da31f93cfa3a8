import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Chat, Message } from '../src/lib/api/types';
import { dropUnsent, keepDraft, keepUnsent, readDraft, readOutbox } from '../src/lib/store/drafts';
import { groupByAge } from '../src/lib/store/groups';
import { inOrder } from '../src/lib/store/list.svelte';
import { Live, speedOf } from '../src/lib/store/live.svelte';
import { titleOf, Tree } from '../src/lib/store/model';
import { readOldChats, toArchive } from '../src/lib/store/oldchats';
import { parseSettings } from '../src/lib/store/settings.svelte';

const chat = (id: string, over: Partial<Chat> = {}): Chat => ({
  id, title: id, created: 1, updated: 1, model: 'm', leaf: '', folder: '', preset: '', system: '', pinned: false, archived: false,
  messages: 0, live: false, ...over,
});
let clock = 0;
const message = (id: string, parent: string, over: Partial<Message> = {}): Message => ({
  id,
  chat: 'c',
  parent,
  role: 'user',
  content: id,
  status: 'done',
  created: ++clock,
  ...over,
});

beforeEach(() => localStorage.clear());

/** The database as the first version of the page made it. */
function oldDatabase(factory: IDBFactory, fill: (t: IDBTransaction) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = factory.open('malmoi', 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('chats', { keyPath: 'id' });
      request.result.createObjectStore('messages', { keyPath: 'id' }).createIndex('chat', 'chat');
      fill(request.transaction as IDBTransaction);
    };
    request.onsuccess = () => (request.result.close(), resolve());
    request.onerror = () => reject(request.error);
  });
}

describe('chats of the old page', () => {
  it('are read and turned into the server\'s own archive', async () => {
    const factory = new IDBFactory();
    await oldDatabase(factory, (t) => {
      t.objectStore('chats').put({ id: 'c', title: '제목', created: 5, updated: 6, model: 'm', leaf: 'a' });
      t.objectStore('messages').put({ id: 'q', chat: 'c', parent: '', role: 'user', content: '질문', created: 5, pasted: 2 });
      t.objectStore('messages').put({
        id: 'a', chat: 'c', parent: 'q', role: 'assistant', content: '답', created: 6, status: 'live', toolCalls: [{ id: '1', name: 'f', arguments: '{}' }],
        failure: { kind: 'busy', detail: 'd', retryAfter: 7 }, stats: { promptTokens: 1, cachedTokens: 2, completionTokens: 3, firstMS: 4, totalMS: 5 },
      });
    });
    const old = await readOldChats(factory);
    expect(old?.chats).toHaveLength(1);
    expect(toArchive(old as NonNullable<typeof old>, 9)).toMatchObject({
      format: 'malmoi.chats', version: 1, exported: 9,
      chats: [{ id: 'c', title: '제목', leaf: 'a', messages: [
        { id: 'a', parent: 'q', status: 'interrupted', tool_calls: [{ name: 'f' }], failure: { retry_after: 7 }, usage: { completion_tokens: 3, first_ms: 4 } },
        { id: 'q', content: '질문', status: 'done', pasted: 2 },
      ] }],
    });
  });

  it('are none where there is no database, and looking makes none', async () => {
    const factory = new IDBFactory();
    expect(await readOldChats(factory)).toBeUndefined();
    expect(await factory.databases()).toEqual([]);
    await oldDatabase(factory, () => {});
    expect(await readOldChats(factory)).toBeUndefined();
    const refusing = { open: () => { throw new Error('SecurityError'); } } as unknown as IDBFactory;
    expect(await readOldChats(refusing)).toBeUndefined();
  });
});

describe('drafts and the outbox', () => {
  it('keep what is written, per chat, and survive nonsense', () => {
    keepDraft('', { text: '새 글', pastes: [] });
    keepDraft('c', { text: '', pastes: ['붙인 글'] });
    expect(readDraft('')).toEqual({ text: '새 글', pastes: [] });
    expect(readDraft('c')).toEqual({ text: '', pastes: ['붙인 글'] });
    keepDraft('c', { text: '', pastes: [] });
    expect(localStorage.getItem('malmoi.draft.c')).toBeNull();
    keepDraft('c', { text: '글', pastes: ['x'.repeat(300_000)] });
    expect(readDraft('c')).toEqual({ text: '글', pastes: [] });
    for (const bad of ['{', '7', 'null', '{"text":3,"pastes":"x"}']) {
      localStorage.setItem('malmoi.draft.c', bad);
      expect(readDraft('c')).toEqual({ text: '', pastes: [] });
    }
  });

  it('hold a question until the server has it', () => {
    const u = { message: message('q', ''), models: ['m'], fresh: true, folder: '' };
    keepUnsent(u);
    keepUnsent(u);
    expect(readOutbox()).toEqual([u]);
    dropUnsent('other');
    dropUnsent('q');
    expect(readOutbox()).toEqual([]);
    for (let i = 0; i < 30; i++) keepUnsent({ ...u, message: message(`q${i}`, '') });
    expect(readOutbox()).toHaveLength(20);
    localStorage.setItem('malmoi.outbox', '[{"message":1},null]');
    expect(readOutbox()).toEqual([]);
  });
});

describe('Live', () => {
  it('appends to what is there, and takes a whole answer in its place', () => {
    const live = new Live(message('a', 'q', { role: 'assistant', content: '앞', status: 'live' }));
    live.take({ content: ' 뒤' });
    live.take({ reasoning: '생각' });
    live.take({ tool_call: { index: 0, id: 'call', name: 'get' } });
    live.take({ tool_call: { index: 0, name: '_x', arguments: '{"a"' } });
    live.take({ tool_call: { index: 0, arguments: ':1}' } });
    live.take({ tool_call: { index: 99 } });
    live.take({ tool_call: { index: 0, state: 'ask', tainted: true } });
    live.take({ tool_call: { index: 0, state: 'running' } });
    live.take({ tool_call: { index: 0, state: 'done', result: '맑음', outside: true } });
    live.show();
    expect(live.content).toBe('앞 뒤');
    expect(live.reasoning).toBe('생각');
    expect(live.toolCalls).toEqual([
      { id: 'call', name: 'get_x', arguments: '{"a":1}', state: 'done', tainted: false, result: '맑음', outside: true },
    ]);
    live.replace(message('a', 'q', { content: '다른 앞' }));
    live.take({ content: '.' });
    live.show();
    expect(live.content).toBe('다른 앞.');
    expect(live.toolCalls).toEqual([]);
  });
});

describe('Tree', () => {
  const tree = new Tree([message('q1', ''), message('a1', 'q1'), message('a1b', 'q1'), message('q2', 'a1'), message('a2', 'q2')]);

  it('follows a branch from its end', () => {
    expect(tree.path('a2').map((m) => m.id)).toEqual(['q1', 'a1', 'q2', 'a2']);
    expect(tree.path('a1b').map((m) => m.id)).toEqual(['q1', 'a1b']);
    expect(tree.path('gone')).toEqual([]);
  });

  it('knows siblings and the newest leaf', () => {
    expect(tree.siblings('a1')).toEqual(['a1', 'a1b']);
    expect(tree.leafUnder('a1')).toBe('a2');
    expect(tree.leafUnder('q1')).toBe('a1b');
  });

  it('takes a message out with what hangs below it', () => {
    const t = new Tree([message('q1', ''), message('a1', 'q1'), message('a1b', 'q1'), message('q2', 'a1')]);
    t.remove('a1');
    expect(t.siblings('a1b')).toEqual(['a1b']);
    expect(t.get('q2')).toBeUndefined();
    expect(t.size).toBe(2);
    t.remove('gone');
  });

  it('finds the pair of a comparison', () => {
    const t = new Tree([message('q', ''), message('x', 'q', { compare: 'g' }), message('y', 'q', { compare: 'g' }), message('z', 'q')]);
    expect(t.compared(t.get('y') as Message).map((m) => m.id)).toEqual(['x', 'y']);
    expect(t.compared(t.get('z') as Message)).toEqual([]);
  });

  it('replaces without doubling, and ends on a loop', () => {
    tree.add(message('a2', 'q2', { content: '고침' }));
    expect(tree.siblings('a2')).toEqual(['a2']);
    expect(tree.get('a2')?.content).toBe('고침');
    const loop = new Tree([message('x', 'y'), message('y', 'x')]);
    expect(loop.path('x').length).toBeLessThan(5);
    expect(loop.leafUnder('x')).toBeTruthy();
  });
});

describe('small things', () => {
  it('titles', () => {
    expect(titleOf('\n\n  # 안녕하세요   여러분\n둘째 줄')).toBe('안녕하세요 여러분');
    expect([...titleOf('가'.repeat(100))]).toHaveLength(40);
    expect(titleOf('🇰🇷'.repeat(60))).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
    expect(titleOf('\n \n')).toBe('');
  });

  it('pinned chats come first, then the newest', () => {
    const list = [chat('a', { updated: 1 }), chat('b', { updated: 3 }), chat('p', { updated: 0, pinned: true })];
    expect(list.sort(inOrder).map((c) => c.id)).toEqual(['p', 'b', 'a']);
  });

  it('groups by calendar day', () => {
    const now = new Date(2026, 10, 24, 0, 30).getTime();
    const at = (d: number, h: number) => new Date(2026, 10, d, h).getTime();
    const groups = groupByAge([chat('a', { updated: now }), chat('b', { updated: at(23, 23) }), chat('c', { updated: at(20, 1) }), chat('d', { updated: at(1, 1) })], now);
    expect(groups.map((g) => [g.age, g.chats.map((c) => c.id)])).toEqual([
      ['today', ['a']],
      ['yesterday', ['b']],
      ['week', ['c']],
      ['older', ['d']],
    ]);
  });

  it('speed needs more than one token', () => {
    const s = { prompt_tokens: 1, cached_tokens: 0, completion_tokens: 11, reasoning_tokens: 0, first_ms: 1000, total_ms: 2000 };
    expect(speedOf(s)).toBe(10);
    expect(speedOf({ ...s, completion_tokens: 1 })).toBe(0);
    expect(speedOf({ ...s, total_ms: 1001 })).toBe(0);
  });

  it('settings survive nonsense', () => {
    expect(parseSettings('{"temperature":9,"topP":"x","theme":"pink","language":"en","maxTokens":100}')).toMatchObject({
      temperature: null,
      topP: null,
      theme: 'system',
      language: 'en',
      maxTokens: 100,
    });
    for (const bad of [null, 'null', '[]', '{', '7']) expect(parseSettings(bad).enterSends).toBe(true);
  });
});
