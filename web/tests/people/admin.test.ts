import { describe, expect, it } from 'vitest';
import { cell, csv, mark } from '../../src/lib/admin/csv';
import { filtered, limitOf, randomPassword } from '../../src/lib/admin/users';
import type { User } from '../../src/lib/store/who.svelte';

const user = (id: string, over: Partial<User> = {}): User => ({
  id, login: id, name: id, email: '', role: 'member', disabled: false, groups: [], external: '', created: 1, seen: 1,
  quota: { tokens_per_day: 0, requests_per_day: 0 }, ...over,
});

describe('filtered', () => {
  const all = [
    user('kim', { name: '김하늘', email: 'sky@example.com', groups: [{ id: 'g1', name: '간호부' }] }),
    user('lee', { name: '이바다', role: 'admin' }),
    user('park', { name: '박산', disabled: true, role: 'admin' }),
  ];
  const by = (over: object) => filtered(all, { words: '', role: '', group: '', ...over }).map((u) => u.id);

  it('finds by name, login and address, all words together, also of text typed apart', () => {
    expect(by({ words: '하늘' })).toEqual(['kim']);
    expect(by({ words: '하늘'.normalize('NFD') })).toEqual(['kim']);
    expect(by({ words: 'SKY 김' })).toEqual(['kim']);
    expect(by({ words: 'sky 이' })).toEqual([]);
  });
  it('filters by role, state and group, in the order of the alphabet', () => {
    expect(by({})).toEqual(['kim', 'park', 'lee']);
    expect(by({ role: 'admin' })).toEqual(['lee']);
    expect(by({ role: 'disabled' })).toEqual(['park']);
    expect(by({ group: 'g1' })).toEqual(['kim']);
  });
  it('does not reorder the list that it was given', () => {
    const before = all.map((u) => u.id);
    by({});
    expect(all.map((u) => u.id)).toEqual(before);
  });
  it('is quick with ten thousand people', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => user(`u${i}`, { name: `사람 ${i}` }));
    const started = performance.now();
    expect(filtered(many, { words: '999', role: '', group: '' }).length).toBeGreaterThan(0);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('csv', () => {
  it('quotes what needs it and ends lines as the RFC says', () => {
    expect(csv([['이름', '요청'], ['김, "하늘"', 3]])).toBe(`${mark}이름,요청\r\n"김, ""하늘""",3\r\n`);
    expect(cell('두\n줄')).toBe('"두\n줄"');
  });
  it('never lets a name become a formula', () => {
    for (const evil of ['=HYPERLINK("http://evil")', '+1', '-1', '@SUM(A1)', '\tx', '\rx']) expect(cell(evil).replace(/^"/, '')).toMatch(/^'/);
    expect(cell(-5)).toBe('-5');
    expect(cell(0.12345)).toBe('0.1235');
  });
});

describe('limitOf', () => {
  it('reads limits as the API has them', () => {
    expect(limitOf('inherit', '5')).toBe(0);
    expect(limitOf('none', '')).toBe(-1);
    expect(limitOf('limit', ' 1,000,000 ')).toBe(1_000_000);
    for (const bad of ['', '0', '-3', '1.5', 'many', '99999999999999999999']) expect(limitOf('limit', bad)).toBeUndefined();
  });
});

describe('randomPassword', () => {
  it('is long, readable, and another each time', () => {
    const made = new Set(Array.from({ length: 200 }, () => randomPassword()));
    expect(made.size).toBe(200);
    for (const p of made) expect(p).toMatch(/^([a-km-np-z2-9]{4}-){3}[a-km-np-z2-9]{4}$/);
  });
  it('uses its random bytes evenly', () => {
    const seen = new Map<string, number>();
    for (let b = 0; b < 256; b++) {
      const first = randomPassword((a) => a.fill(b))[0] ?? '';
      seen.set(first, (seen.get(first) ?? 0) + 1);
    }
    expect(new Set(seen.values())).toEqual(new Set([8]));
  });
});
