// Finding somebody in a long list.

import type { User } from '../store/who.svelte';

export interface Filter {
  words: string;
  role: '' | User['role'] | 'disabled';
  group: string; // id
}

/** Those whom the filter means, by name. Every one of the words has to occur in name, login or address. */
export function filtered(all: User[], f: Filter): User[] {
  const words = f.words.normalize('NFC').toLocaleLowerCase().split(/\s+/).filter((w) => w !== '');
  return all
    .filter((u) => f.role === '' || (f.role === 'disabled' ? u.disabled : u.role === f.role && !u.disabled))
    .filter((u) => f.group === '' || u.groups.some((g) => g.id === f.group))
    .filter((u) => {
      const text = `${u.name} ${u.login} ${u.email}`.normalize('NFC').toLocaleLowerCase();
      return words.every((w) => text.includes(w));
    })
    .sort((a, b) => a.name.localeCompare(b.name, 'ko') || a.login.localeCompare(b.login, 'ko'));
}

/** What a person types for a limit: '' no rule, 'none' no limit, else a number; undefined when it is none of these. */
export function limitOf(kind: 'inherit' | 'none' | 'limit', text: string): number | undefined {
  if (kind === 'inherit') return 0;
  if (kind === 'none') return -1;
  const n = Number(text.replaceAll(/[\s,]/g, ''));
  return text.trim() !== '' && Number.isSafeInteger(n) && n >= 1 ? n : undefined;
}

const letters = 'abcdefghijkmnpqrstuvwxyz23456789'; // none that look alike; 32 of them, so a byte divides evenly

/** A password to hand over: 80 random bits in groups that can be read out. */
export function randomPassword(random: (a: Uint8Array) => Uint8Array = (a) => crypto.getRandomValues(a)): string {
  const all = [...random(new Uint8Array(16))].map((b) => letters[b % letters.length]).join('');
  return all.match(/.{4}/g)?.join('-') ?? all;
}
