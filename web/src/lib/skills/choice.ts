// Which tools answers may use: all, none, what the settings say, or single ones
// by name. Names whose tool is gone are kept: it may come back tomorrow.

import type { Skills } from '../api/types';

export interface Choice {
  use: Skills;
  /** With 'on', the tools that may be used; empty: all. */
  names: string[];
}

/** The choice with one tool more, or one fewer. No tool left is 'off', all of them is all. */
export function toggled(now: Choice, name: string, all: string[]): Choice {
  const before = now.use !== 'on' ? [] : now.names.length > 0 ? now.names : all;
  const names = before.includes(name) ? before.filter((n) => n !== name) : [...before, name];
  if (names.length === 0) return { use: 'off', names };
  const whole = names.length === all.length && all.every((n) => names.includes(n));
  return { use: 'on', names: whole ? [] : names };
}

export function holds(now: Choice, name: string): boolean {
  return now.use === 'on' && (now.names.length === 0 || now.names.includes(name));
}

/** Chosen tools that are not there now. */
export function gone(now: Choice, all: string[]): string[] {
  return now.use === 'on' ? now.names.filter((n) => !all.includes(n)) : [];
}

/** How many of the chosen tools are there; undefined when all are meant, or none. */
export function count(now: Choice, all: string[]): number | undefined {
  return now.use === 'on' && now.names.length > 0 ? now.names.filter((n) => all.includes(n)).length : undefined;
}
