import { describe, expect, it } from 'vitest';
import { en } from '../src/lib/i18n/en/index';
import { languageOf } from '../src/lib/i18n/index.svelte';
import { josa } from '../src/lib/i18n/josa';
import { ko } from '../src/lib/i18n/ko/index';
import { isLong, joinMessage, lineCount } from '../src/lib/text/paste';
import { SentenceReader, speakable } from '../src/lib/text/sentences';

describe('josa', () => {
  it.each([
    ['모델', '은/는', '모델은'],
    ['말모이', '은/는', '말모이는'],
    ['“제목”', '을/를', '“제목”을'],
    ['“파이썬 코드”', '을/를', '“파이썬 코드”를'],
    ['서울', '으로/로', '서울로'],
    ['부산', '으로/로', '부산으로'],
    ['Qwen', '은/는', 'Qwen은'],
    ['Gemma', '이/가', 'Gemma가'],
    ['1.5B', '은/는', '1.5B는'],
    ['EXAONE 4.0', '은/는', 'EXAONE 4.0은'],
    ['Qwen3', '과/와', 'Qwen3과'],
    ['mail', '으로/로', 'mail로'],
  ] as const)('%s %s', (word, pair, want) => expect(josa(word, pair)).toBe(want));
});

describe('languages', () => {
  it('follow the browser until told otherwise', () => {
    expect(languageOf('auto', 'ko-KR')).toBe('ko');
    expect(languageOf('auto', 'en-US')).toBe('en');
    expect(languageOf('auto', 'kok-IN')).toBe('en');
    expect(languageOf('ko', 'en-US')).toBe('ko');
  });

  it('have the same words, none empty and none left in Korean', () => {
    const flat = (o: object, at = ''): [string, unknown][] =>
      Object.entries(o).flatMap(([k, v]) => (v && typeof v === 'object' ? flat(v, `${at}${k}.`) : [[`${at}${k}`, v] as [string, unknown]]));
    const mine = new Map(flat(en));
    for (const [key, value] of flat(ko)) {
      expect(mine.has(key), key).toBe(true);
      expect(typeof mine.get(key), key).toBe(typeof value);
      if (typeof value === 'string') expect(value, key).not.toBe('');
    }
    for (const [key, value] of mine) {
      if (typeof value === 'string' && !key.startsWith('examples')) expect(value, key).not.toMatch(/[가-힣]/);
    }
  });
});

describe('SentenceReader', () => {
  it('speaks whole sentences only, whatever the pieces', () => {
    const text = '안녕하세요. **반갑습니다!** 오늘은 3.5도입니다.\n\n```js\nlet a = 1;\n```\n- 하나\n- 둘';
    for (const step of [1, 2, 7, 100]) {
      const r = new SentenceReader('코드');
      const heard: string[] = [];
      for (let n = step; n < text.length; n += step) heard.push(...r.push(text.slice(0, n)));
      heard.push(...r.push(text, true));
      expect(heard, `step ${step}`).toEqual(['안녕하세요.', '반갑습니다!', '오늘은 3.5도입니다.', '코드', '하나', '둘']);
    }
  });

  it('drops signs that are for the eye', () => {
    expect(speakable('## [사전](https://example.com)의 `뜻`')).toBe('사전의 뜻');
  });
});

describe('paste', () => {
  it('keeps what would freeze a text box out of it', () => {
    expect(isLong('짧은 글')).toBe(false);
    expect(isLong('줄\n'.repeat(20_000))).toBe(true);
    expect(isLong('가'.repeat(9000))).toBe(true);
    expect(lineCount('a\nb\n')).toBe(3);
    expect(joinMessage(['긴 글'], ' 요약해 줘 \n')).toBe('긴 글\n\n요약해 줘');
    expect(joinMessage([], '  ')).toBe('');
  });
});
