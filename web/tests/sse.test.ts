import { describe, expect, it } from 'vitest';
import { EventParser, maxEventChars } from '../src/lib/api/sse';

const bytes = (s: string): Uint8Array => new TextEncoder().encode(s);

function parse(chunks: Uint8Array[]): string[] {
  const parser = new EventParser();
  const out = chunks.flatMap((c) => parser.push(c));
  return [...out, ...parser.end()].map((e) => e.data);
}

/** A small generator of repeatable numbers, so that a failure can be run again. */
function randoms(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

function cut(data: Uint8Array, random: () => number): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let at = 0; at < data.length; ) {
    const n = 1 + Math.floor(random() * (random() < 0.5 ? 3 : 40));
    out.push(data.subarray(at, at + n));
    at += n;
  }
  return out;
}

const stream =
  ': keep-alive\n\n' +
  'data: {"a":"한글"}\n\n' +
  'event: x\r\nid: 7\r\ndata:첫째\r\ndata: 둘째\r\n\r\n' +
  'data: 🇰🇷뷁\r\rdata\ndata:  두 칸\n\n' +
  '\n\n\ndata: [DONE]\n\n';
const wanted = ['{"a":"한글"}', '첫째\n둘째', '🇰🇷뷁', '\n 두 칸', '[DONE]'];

describe('EventParser', () => {
  it('reads the stream in one piece', () => {
    expect(parse([bytes(stream)])).toEqual(wanted);
  });

  it('reads it byte by byte, through every syllable and CRLF', () => {
    expect(parse([...bytes(stream)].map((b) => Uint8Array.of(b)))).toEqual(wanted);
  });

  it('reads it cut at every single place', () => {
    const data = bytes(stream);
    for (let at = 0; at <= data.length; at++) {
      expect(parse([data.subarray(0, at), data.subarray(at)]), `cut at ${at}`).toEqual(wanted);
    }
  });

  it('reads it under 2000 random cuts', () => {
    const data = bytes(stream);
    for (let seed = 1; seed <= 2000; seed++) {
      expect(parse(cut(data, randoms(seed))), `seed ${seed}`).toEqual(wanted);
    }
  });

  it('names events and remembers the last id', () => {
    const p = new EventParser();
    const events = p.push(bytes('id: 1\nevent: delta\ndata: a\n\ndata: b\n\nid:3\nevent:done\ndata: c\n\nid: 4\n\n: only a comment\n\ndata: d\n\n'));
    expect(events).toEqual([
      { event: 'delta', data: 'a', id: '1' },
      { event: 'message', data: 'b', id: '1' },
      { event: 'done', data: 'c', id: '3' },
      { event: 'message', data: 'd', id: '4' },
    ]);
  });

  it('survives random bytes', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = randoms(seed);
      const noise = Uint8Array.from({ length: 400 }, () => {
        const r = random();
        return r < 0.2 ? 10 : r < 0.3 ? 13 : r < 0.4 ? 58 : Math.floor(random() * 256);
      });
      const whole = parse([noise]);
      expect(parse(cut(noise, random)), `seed ${seed}`).toEqual(whole);
    }
  });

  it('gives the last event of a stream that ends without a blank line', () => {
    expect(parse([bytes('data: 끝')])).toEqual(['끝']);
    expect(parse([bytes('data: 끝\n')])).toEqual(['끝']);
  });

  it('shows a broken syllable as U+FFFD, once, at the end', () => {
    expect(parse([bytes('data: 가'), Uint8Array.of(0xea, 0xb0)])).toEqual(['가\ufffd']);
  });

  it('refuses an event without end', () => {
    const parser = new EventParser();
    const block = bytes('x'.repeat(1 << 20));
    expect(() => {
      for (let i = 0; i <= maxEventChars >> 20; i++) parser.push(block);
    }).toThrow(/too long/);
  });
});
