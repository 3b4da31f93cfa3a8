// From the branch on screen to the messages that a model is asked with.

import type { WireMessage } from '../api/types';
import type { Message } from './model';

/**
 * Answers that failed empty are left out, and questions that then follow one
 * another are joined: many chat templates insist on taking turns.
 */
export function toWire(system: string, path: Message[]): WireMessage[] {
  const out: WireMessage[] = [];
  if (system.trim() !== '') out.push({ role: 'system', content: system });
  for (const m of path) {
    if (m.role === 'assistant' && m.content === '') continue;
    const last = out.at(-1);
    if (last && last.role === m.role) last.content += '\n\n' + m.content;
    else out.push({ role: m.role, content: m.content });
  }
  return out;
}
