import type { Chat } from '../api/types';

export type Age = 'today' | 'yesterday' | 'week' | 'older';

const dayMS = 24 * 60 * 60 * 1000;

/** Chats under the headings of the side bar, by local calendar day, order kept. */
export function groupByAge(chats: Chat[], now: number): { age: Age; chats: Chat[] }[] {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  const ageOf = (at: number): Age => {
    if (at >= midnight) return 'today';
    if (at >= midnight - dayMS) return 'yesterday';
    return at >= midnight - 7 * dayMS ? 'week' : 'older';
  };
  const order: Age[] = ['today', 'yesterday', 'week', 'older'];
  return order
    .map((age) => ({ age, chats: chats.filter((c) => ageOf(c.updated) === age) }))
    .filter((g) => g.chats.length > 0);
}
