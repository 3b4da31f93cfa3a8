import { describe, expect, it } from 'vitest';
import { bars, everyDay, ticks, today, total, valueOf } from '../../src/lib/people/chart';

const day = (d: string, prompt = 0, completion = 0, requests = 0, cost = 0) => ({
  day: d, prompt_tokens: prompt, completion_tokens: completion, requests, cost_krw: cost,
});

describe('everyDay', () => {
  const night = Date.UTC(2026, 10, 23, 15, 30); // half past midnight of the 24th in Seoul
  it('begins days at midnight in Seoul', () => {
    expect(today(night)).toBe('2026-11-24');
    expect(today(night - 3_600_000)).toBe('2026-11-23');
  });
  it('fills the days on which nothing happened, over the end of a month', () => {
    const got = everyDay([day('2026-11-23', 5), day('2026-01-01', 9)], 30, night);
    expect(got).toHaveLength(30);
    expect(got[0]?.day).toBe('2026-10-26');
    expect(got.at(-1)?.day).toBe('2026-11-24');
    expect(got.at(-2)?.prompt_tokens).toBe(5);
    expect(total(got).prompt_tokens).toBe(5);
  });
});

describe('ticks', () => {
  it.each([[0], [1], [3], [7], [10], [99], [100], [1234], [987_654_321]])('up to %d: round, rising, high enough', (max) => {
    const t = ticks(max);
    expect(t[0]).toBe(0);
    expect(t.at(-1)).toBeGreaterThanOrEqual(max);
    expect(t.length).toBeLessThanOrEqual(6);
    expect(t.every(Number.isInteger)).toBe(true);
    const step = (t[1] ?? 0) - (t[0] ?? 0);
    for (let i = 1; i < t.length; i++) expect((t[i] ?? 0) - (t[i - 1] ?? 0)).toBeCloseTo(step);
  });
  it('has parts where money needs them, and survives nonsense', () => {
    expect(ticks(0.3, false).at(-1)).toBeGreaterThanOrEqual(0.3);
    expect(ticks(0.3, false)[1]).toBeLessThan(1);
    expect(ticks(Number.NaN)).toEqual([0, 1]);
  });
});

describe('bars', () => {
  it('stacks what was read and written, inside the field', () => {
    const days = [day('2026-11-23', 30, 70), day('2026-11-24')];
    const [a, b] = bars(days, 'tokens', 100, 200, 50);
    expect(a).toMatchObject({ low: 15, high: 35 });
    expect(b).toMatchObject({ low: 0, high: 0 });
    expect((b?.x ?? 0) + (b?.width ?? 0)).toBeLessThanOrEqual(200);
  });
  it('shows requests and cost as one bar', () => {
    const d = day('2026-11-24', 1, 2, 3, 4.5);
    expect([valueOf(d, 'tokens'), valueOf(d, 'requests'), valueOf(d, 'cost')]).toEqual([3, 3, 4.5]);
    expect(bars([d], 'cost', 9, 100, 100)[0]).toMatchObject({ low: 50, high: 0 });
  });
  it('keeps a year on a phone visible', () => {
    const year = Array.from({ length: 365 }, (_, i) => day(`d${i}`, 1));
    expect(bars(year, 'tokens', 1, 300, 100).every((b) => b.width >= 1 || b.width > 0)).toBe(true);
  });
});
