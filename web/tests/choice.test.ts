import { expect, test } from 'vitest';
import { count, gone, holds, toggled, type Choice } from '../src/lib/skills/choice';

const all = ['a', 'b', 'c'];
const on = (...names: string[]): Choice => ({ use: 'on', names });

test('one tool after the other is taken away and put back', () => {
  expect(toggled(on(), 'b', all)).toEqual(on('a', 'c'));
  expect(toggled(on('a', 'c'), 'a', all)).toEqual(on('c'));
  expect(toggled(on('c'), 'c', all)).toEqual({ use: 'off', names: [] });
  expect(toggled({ use: 'off', names: [] }, 'a', all)).toEqual(on('a'));
  expect(toggled({ use: '', names: [] }, 'a', all)).toEqual(on('a'));
  expect(toggled(on('a', 'c'), 'b', all)).toEqual(on()); // all, also those that come later
});

test('a choice left from before tools were switched off does not come back with another', () => {
  expect(toggled({ use: 'off', names: ['a', 'b'] }, 'c', all)).toEqual(on('c'));
});

test('tools that are gone are kept and can be taken away', () => {
  expect(gone(on('a', 'x'), all)).toEqual(['x']);
  expect(gone(on(), all)).toEqual([]);
  expect(gone({ use: '', names: ['x'] }, all)).toEqual([]);
  expect(toggled(on('a', 'x'), 'b', all)).toEqual(on('a', 'x', 'b'));
  expect(toggled(on('a', 'x'), 'x', all)).toEqual(on('a'));
  expect(count(on('a', 'x'), all)).toBe(1);
  expect(count(on('x'), all)).toBe(0);
});

test('what is checked', () => {
  expect(all.map((n) => holds(on(), n))).toEqual([true, true, true]);
  expect(all.map((n) => holds(on('b', 'x'), n))).toEqual([false, true, false]);
  expect(all.map((n) => holds({ use: '', names: [] }, n))).toEqual([false, false, false]);
  expect(count(on(), all)).toBeUndefined();
  expect(count({ use: 'off', names: ['a'] }, all)).toBeUndefined();
});
