// Numbers, money and times as people read them.

export type Language = 'ko' | 'en';

const locale = (lang: Language): string => (lang === 'ko' ? 'ko-KR' : 'en-GB');

export const count = (n: number, lang: Language): string => new Intl.NumberFormat(locale(lang)).format(n);

/** 12345 as 1.2만 or 12K: for axes and tiles, where a digit more says nothing. */
export const short = (n: number, lang: Language): string =>
  new Intl.NumberFormat(lang === 'ko' ? 'ko-KR' : 'en-US', { notation: 'compact', maximumFractionDigits: 1 }).format(n);

/** Money in won. Below a hundred a part of a won matters: one answer costs that little. */
export function won(n: number): string {
  const digits = n !== 0 && Math.abs(n) < 100 ? 2 : 0;
  return '₩' + new Intl.NumberFormat('ko-KR', { maximumFractionDigits: digits }).format(n);
}

const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes, counted in 1024s. */
export function bytes(n: number): string {
  let at = 0;
  while (n >= 1024 && at < units.length - 1) {
    n /= 1024;
    at++;
  }
  return `${n >= 100 || at === 0 ? Math.round(n) : n.toFixed(1)} ${units[at]}`;
}

export const date = (ms: number, lang: Language): string =>
  new Intl.DateTimeFormat(locale(lang), { year: 'numeric', month: 'long', day: 'numeric' }).format(ms);

export const dateTime = (ms: number, lang: Language): string =>
  new Intl.DateTimeFormat(locale(lang), { dateStyle: 'medium', timeStyle: 'short' }).format(ms);

/** To the second, for the audit log. */
export const exact = (ms: number, lang: Language): string =>
  new Intl.DateTimeFormat(locale(lang), { dateStyle: 'medium', timeStyle: 'medium', hour12: false }).format(ms);

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** How long ago, or in how long; what is less than a minute away is now. */
export function relative(ms: number, now: number, lang: Language): string {
  const words = new Intl.RelativeTimeFormat(lang, { numeric: 'auto' });
  for (const [unit, size] of steps) {
    if (Math.abs(ms - now) >= size) return words.format(Math.trunc((ms - now) / size), unit);
  }
  return lang === 'ko' ? '방금' : 'just now';
}

/** '2026-11-24' as 11월 24일 or 24 Nov, without ever meeting a time zone. */
export function dayLabel(day: string, lang: Language): string {
  const at = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(at)) return day;
  const options: Intl.DateTimeFormatOptions = { month: lang === 'ko' ? 'long' : 'short', day: 'numeric', timeZone: 'UTC' };
  return new Intl.DateTimeFormat(locale(lang), options).format(at);
}

/** A running time: 3일 4시간, 5h 12m. */
export function span(ms: number, lang: Language): string {
  const [d, h, m] = [Math.floor(ms / 86_400_000), Math.floor(ms / 3_600_000) % 24, Math.floor(ms / 60_000) % 60];
  const [dd, hh, mm] = lang === 'ko' ? ['일', '시간', '분'] : ['d', 'h', 'm'];
  if (d > 0) return `${d}${dd} ${h}${hh}`;
  if (h > 0) return `${h}${hh} ${m}${mm}`;
  return `${m}${mm}`;
}

const browsers: [RegExp, string][] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bWhale\//, 'Whale'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\//, 'Firefox'],
  [/\bHeadlessChrome\//, 'Chrome'],
  [/\b(?:Chrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
  [/^curl\//, 'curl'],
];
const systems: [RegExp, string][] = [
  [/\b(?:iPhone|iPod)\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

/** What a User-Agent header says to a human: 'Chrome · Windows'. '' when it says nothing known. */
export function deviceName(agent: string): string {
  const find = (table: [RegExp, string][]): string => table.find(([pattern]) => pattern.test(agent))?.[1] ?? '';
  return [find(browsers), find(systems)].filter((s) => s !== '').join(' · ');
}

export const isPhone = (agent: string): boolean => /\b(?:iPhone|iPod|Android|Mobile)\b/.test(agent);
