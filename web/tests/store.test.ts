import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import { MemoryStore, openStore, type Store } from '../src/lib/store/db';
import { fileName, toMarkdown } from '../src/lib/store/export';
import { groupByAge } from '../src/lib/store/groups';
import { speedOf } from '../src/lib/store/live.svelte';
import { titleOf, Tree, type Chat, type Message } from '../src/lib/store/model';
import { parseSettings } from '../src/lib/store/settings.svelte';
import { toWire } from '../src/lib/store/wire';
import { ko } from '../src/lib/i18n/ko/index';

const chat = (id: string, over: Partial<Chat> = {}): Chat => ({ id, title: id, created: 1, updated: 1, model: 'm', leaf: '', ...over });
let clock = 0;
const message = (id: string, parent: string, over: Partial<Message> = {}): Message => ({
  id,
  chat: 'c',
  parent,
  role: 'user',
  content: id,
  created: ++clock,
  ...over,
});

describe.each([
  ['IndexedDB', () => openStore(new IDBFactory())],
  ['memory', async () => new MemoryStore() as Store],
])('store in %s', (_, make) => {
  it('gives back what it was given', async () => {
    const s = await make();
    await s.putAll(chat('c', { leaf: 'b' }), [message('a', ''), message('b', 'a', { role: 'assistant', content: '답' })]);
    await s.putMessage(message('z', '', { chat: 'other' }));
    await s.putChat(chat('c', { leaf: 'b', title: '새 이름' }));
    expect(await s.chats()).toMatchObject([{ id: 'c', title: '새 이름', leaf: 'b' }]);
    expect((await s.messages('c')).map((m) => m.content).sort()).toEqual(['a', '답']);
  });

  it('deletes a chat with its messages and no other', async () => {
    const s = await make();
    await s.putAll(chat('c'), [message('a', '')]);
    await s.putAll(chat('d'), [message('e', '', { chat: 'd' })]);
    await s.deleteChat('c');
    expect((await s.chats()).map((c) => c.id)).toEqual(['d']);
    expect(await s.messages('c')).toEqual([]);
    expect(await s.messages('d')).toHaveLength(1);
    await s.clear();
    expect(await s.chats()).toEqual([]);
  });
});

describe('openStore', () => {
  it('keeps chats across openings', async () => {
    const factory = new IDBFactory();
    await (await openStore(factory)).putChat(chat('c'));
    expect(await (await openStore(factory)).chats()).toHaveLength(1);
  });

  it('falls back to memory, and says so, where the browser refuses', async () => {
    const refusing = { open: () => { throw new Error('SecurityError'); } } as unknown as IDBFactory;
    expect((await openStore(refusing)).persistent).toBe(false);
    expect((await openStore(new IDBFactory())).persistent).toBe(true);
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

  it('replaces without doubling, and ends on a loop', () => {
    tree.add(message('a2', 'q2', { content: '고침' }));
    expect(tree.siblings('a2')).toEqual(['a2']);
    expect(tree.get('a2')?.content).toBe('고침');
    const loop = new Tree([message('x', 'y'), message('y', 'x')]);
    expect(loop.path('x').length).toBeLessThan(5);
    expect(loop.leafUnder('x')).toBeTruthy();
  });
});

describe('toWire', () => {
  it('puts the system prompt first and keeps the turns', () => {
    const path = [message('q', ''), message('a', 'q', { role: 'assistant' })];
    expect(toWire('존댓말로', path)).toEqual([
      { role: 'system', content: '존댓말로' },
      { role: 'user', content: 'q' },
      { role: 'assistant', content: 'a' },
    ]);
    expect(toWire('  ', path)).toHaveLength(2);
  });

  it('joins questions around an answer that failed', () => {
    const path = [message('q', ''), message('a', 'q', { role: 'assistant', content: '', status: 'error' }), message('r', 'a')];
    expect(toWire('', path)).toEqual([{ role: 'user', content: 'q\n\nr' }]);
    expect(path[0]?.content).toBe('q');
  });
});

describe('small things', () => {
  it('titles', () => {
    expect(titleOf('\n\n  # 안녕하세요   여러분\n둘째 줄')).toBe('안녕하세요 여러분');
    expect([...titleOf('가'.repeat(100))]).toHaveLength(40);
    expect(titleOf('🇰🇷'.repeat(60))).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
    expect(titleOf('\n \n')).toBe('');
  });

  it('file names', () => {
    expect(fileName('회의록: 1/2 <초안>')).toBe('회의록 1 2 초안.md');
    expect(fileName('../../etc/passwd')).toBe('etc passwd.md');
    expect(fileName('gpj.\u202eexe')).toBe('gpj. exe.md');
    expect(fileName('')).toBe('malmoi.md');
    expect(fileName('한글'.normalize('NFD'))).toBe('한글.md');
  });

  it('Markdown export marks what AI wrote', () => {
    const text = toMarkdown(chat('c', { title: '제목' }), [message('q', ''), message('a', 'q', { role: 'assistant', content: '답', model: 'm' })], ko, 'ko');
    expect(text).toContain('# 제목');
    expect(text).toContain('## AI가 생성한 답변 (m)\n\n답');
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
    const s = { promptTokens: 1, cachedTokens: 0, completionTokens: 11, firstMS: 1000, totalMS: 2000 };
    expect(speedOf(s)).toBe(10);
    expect(speedOf({ ...s, completionTokens: 1 })).toBe(0);
    expect(speedOf({ ...s, totalMS: 1001 })).toBe(0);
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
