// The arithmetic of the usage chart: which days, how high, which lines behind.

import type { Day, Sum } from './calls';

export type Metric = 'tokens' | 'requests' | 'cost';

export const valueOf = (s: Sum, metric: Metric): number =>
  metric === 'tokens' ? s.prompt_tokens + s.completion_tokens : metric === 'requests' ? s.requests : s.cost_krw;

const dayMS = 86_400_000;
const seoulMS = 9 * 3_600_000; // days of the ledger begin at midnight in Seoul, which has no summer time

export const today = (now: number): string => new Date(now + seoulMS).toISOString().slice(0, 10);

/** One entry for each of the last days, oldest first; the server leaves out days on which nothing happened. */
export function everyDay(days: Day[], length: number, now: number): Day[] {
  const known = new Map(days.map((d) => [d.day, d]));
  const last = Date.parse(`${today(now)}T00:00:00Z`);
  return Array.from({ length }, (_, i) => {
    const day = new Date(last - (length - 1 - i) * dayMS).toISOString().slice(0, 10);
    return known.get(day) ?? { day, requests: 0, prompt_tokens: 0, completion_tokens: 0, cost_krw: 0 };
  });
}

/** Round values from 0 to at least max, for the lines behind the bars. */
export function ticks(max: number, whole = true): number[] {
  if (!(max > 0)) return [0, 1];
  const raw = max / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  let step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw) ?? 10 * power;
  if (whole) step = Math.max(1, Math.ceil(step));
  const out = [0];
  for (let i = 1; (out.at(-1) ?? 0) < max; i++) out.push(Number((i * step).toPrecision(12)));
  return out;
}

export function total(list: Sum[]): Sum {
  const sum = { requests: 0, prompt_tokens: 0, completion_tokens: 0, cost_krw: 0 };
  for (const s of list) {
    sum.requests += s.requests;
    sum.prompt_tokens += s.prompt_tokens;
    sum.completion_tokens += s.completion_tokens;
    sum.cost_krw += s.cost_krw;
  }
  return sum;
}

export interface Bar {
  x: number;
  width: number;
  /** Height of the lower part (what was read) and of the upper (what was written). */
  low: number;
  high: number;
}

/** Where the bars stand in a field of the given size, in its pixels. */
export function bars(days: Day[], metric: Metric, top: number, width: number, height: number): Bar[] {
  const slot = width / Math.max(1, days.length);
  const gap = Math.min(6, slot * 0.3);
  const scale = top > 0 ? height / top : 0;
  return days.map((d, i) => ({
    x: i * slot + gap / 2,
    width: Math.max(1, slot - gap),
    low: (metric === 'tokens' ? d.prompt_tokens : valueOf(d, metric)) * scale,
    high: metric === 'tokens' ? d.completion_tokens * scale : 0,
  }));
}
