// What is written and not sent yet, per chat, in this browser. It outlives
// reloads, crashes and being offline; the server's copy takes over when it has one.

import type { Message, Skills } from '../api/types';

const maxDraft = 200_000; // characters; localStorage holds some 5 million in all
const draftName = (chat: string): string => `malmoi.draft.${chat}`;
const outboxName = 'malmoi.outbox';
const maxOutbox = 20;

export interface Draft {
  text: string;
  pastes: string[];
}

export const noDraft: Draft = { text: '', pastes: [] };

export function readDraft(chat: string): Draft {
  try {
    const raw = JSON.parse(localStorage.getItem(draftName(chat)) ?? 'null') as Partial<Draft> | null;
    const pastes = Array.isArray(raw?.pastes) ? raw.pastes.filter((p) => typeof p === 'string') : [];
    return { text: typeof raw?.text === 'string' ? raw.text : '', pastes };
  } catch {
    return noDraft;
  }
}

/** Keeps a draft; one that is too long for this keeps its typed part. */
export function keepDraft(chat: string, d: Draft): void {
  const size = d.text.length + d.pastes.reduce((sum, p) => sum + p.length, 0);
  const kept = size <= maxDraft ? d : { text: d.text.slice(0, maxDraft), pastes: [] };
  try {
    if (size === 0) localStorage.removeItem(draftName(chat));
    else localStorage.setItem(draftName(chat), JSON.stringify(kept));
  } catch {
    // storage is full or refused: the draft lasts as long as the page
  }
}

/** A question that the server has not taken, with what is needed to send it again. */
export interface Unsent {
  message: Message;
  models: string[];
  /** The chat does not exist yet either. */
  fresh: boolean;
  folder: string;
  preset?: string;
  skills?: Skills;
  skillNames?: string[];
}

export function readOutbox(): Unsent[] {
  try {
    const raw: unknown = JSON.parse(localStorage.getItem(outboxName) ?? '[]');
    return Array.isArray(raw) ? (raw as Unsent[]).filter((u) => typeof u?.message?.content === 'string') : [];
  } catch {
    return [];
  }
}

export function keepUnsent(u: Unsent): void {
  write([...readOutbox().filter((x) => x.message.id !== u.message.id), u].slice(-maxOutbox));
}

export function dropUnsent(id: string): void {
  const all = readOutbox();
  if (all.some((x) => x.message.id === id)) write(all.filter((x) => x.message.id !== id));
}

function write(all: Unsent[]): void {
  try {
    if (all.length === 0) localStorage.removeItem(outboxName);
    else localStorage.setItem(outboxName, JSON.stringify(all));
  } catch {
    // as above
  }
}
