import { describe, expect, it } from 'vitest';
import { bytes, dayLabel, deviceName, isPhone, relative, short, span, won } from '../../src/lib/people/format';

describe('won', () => {
  it('groups thousands and keeps parts of a won only where they matter', () => {
    expect(won(1234)).toBe('₩1,234');
    expect(won(1234.56)).toBe('₩1,235');
    expect(won(0)).toBe('₩0');
    expect(won(0.034)).toBe('₩0.03');
    expect(won(12.5)).toBe('₩12.5');
  });
});

describe('bytes', () => {
  it('counts in 1024s', () => {
    expect([0, 1023, 1024, 1536, 150 * 1024, 3 * 1024 ** 3].map(bytes)).toEqual(['0 B', '1023 B', '1.0 KB', '1.5 KB', '150 KB', '3.0 GB']);
    expect(bytes(5000 * 1024 ** 5)).toMatch(/PB$/);
  });
});

describe('times', () => {
  const now = Date.UTC(2026, 10, 24, 12);
  it('says how long ago', () => {
    expect(relative(now - 10_000, now, 'ko')).toBe('방금');
    expect(relative(now - 5 * 60_000, now, 'ko')).toBe('5분 전');
    expect(relative(now - 86_400_000, now, 'ko')).toBe('어제');
    expect(relative(now + 3 * 86_400_000, now, 'ko')).toBe('3일 후');
    expect(relative(now - 3_600_000, now, 'en')).toBe('1 hour ago');
  });
  it('names a day without a time zone shifting it', () => {
    expect(dayLabel('2026-11-24', 'ko')).toBe('11월 24일');
    expect(dayLabel('2026-01-01', 'en')).toBe('1 Jan');
    expect(dayLabel('nonsense', 'ko')).toBe('nonsense');
  });
  it('says running times with two units', () => {
    expect(span(59_000, 'ko')).toBe('0분');
    expect(span(3 * 3_600_000 + 5 * 60_000, 'ko')).toBe('3시간 5분');
    expect(span(50 * 3_600_000, 'en')).toBe('2d 2h');
  });
});

describe('deviceName', () => {
  const agents: [string, string, boolean][] = [
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36', 'Chrome · Windows', false],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0', 'Edge · Windows', false],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Whale/4.33 Safari/537.36', 'Whale · Windows', false],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1', 'Safari · iPhone', true],
    ['Mozilla/5.0 (Linux; Android 16; SM-S931N) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/130.0 Mobile Safari/537.36', 'Samsung Internet · Android', true],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox · macOS', false],
    ['curl/8.5.0', 'curl', false],
    ['', '', false],
  ];
  it.each(agents)('%s', (agent, name, phone) => {
    expect(deviceName(agent)).toBe(name);
    expect(isPhone(agent)).toBe(phone);
  });
});

it('short numbers are short in both languages', () => {
  expect(short(12345, 'ko')).toBe('1.2만');
  expect(short(12345, 'en')).toBe('12.3K');
});
