import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../src/lib/api/http';
import { say } from '../../src/lib/people/errors';
import { en } from '../../src/lib/people/en';
import { ko } from '../../src/lib/people/ko';
import { ko as adminKo } from '../../src/lib/admin/ko';
import { en as adminEn } from '../../src/lib/admin/en';
import { ko as libraryKo } from '../../src/lib/library/ko';
import { en as libraryEn } from '../../src/lib/library/en';
import { settings } from '../../src/lib/store/settings.svelte';

const failed = (over: Partial<ApiError>, kind: ApiError['kind'] = 'request'): ApiError => Object.assign(new ApiError(kind, 'detail', over.retryAfter ?? 0), over);

describe('say', () => {
  beforeEach(() => {
    settings.language = 'ko';
  });
  it('names the field only where the form has it', () => {
    const e = failed({ code: 'invalid_request', param: 'password', reason: 'too_short' });
    expect(say(e, ['login', 'password'])).toMatchObject({ field: 'password', text: '비밀번호는 10자 이상이어야 합니다.' });
    expect(say(e, ['login'])).toMatchObject({ field: '', text: '비밀번호는 10자 이상이어야 합니다.' });
  });
  it('says codes before kinds, and the wait', () => {
    expect(say(failed({ code: 'invalid_credentials' }, 'auth')).text).toBe('아이디나 비밀번호가 맞지 않습니다.');
    expect(say(failed({ code: 'rate_limited', retryAfter: 12 } as Partial<ApiError>, 'busy'))).toMatchObject({ retryAfter: 12, text: expect.stringContaining('여러 번') });
    expect(say(failed({}, 'offline')).text).toContain('연결할 수 없습니다');
  });
  it('never says nothing', () => {
    expect(say(new Error('x')).text).not.toBe('');
    expect(say(failed({ code: 'never_heard_of' })).text).not.toBe('');
  });
  it('follows the language', () => {
    settings.language = 'en';
    expect(say(failed({ code: 'last_admin' }, 'conflict')).text).toContain('last administrator');
  });
});

/** The paths of all words; functions and lists count as words. */
function paths(o: object, at = ''): string[] {
  return Object.entries(o).flatMap(([k, v]) => (v && typeof v === 'object' && !Array.isArray(v) ? paths(v, `${at}${k}.`) : [`${at}${k}`]));
}

it.each([['people', ko, en], ['admin', adminKo, adminEn], ['library', libraryKo, libraryEn]])('%s: every word is there in both languages', (_, a, b) => {
  expect(paths(b).sort()).toEqual(paths(a).sort());
  const empty = paths(a).filter((p) => p.split('.').reduce((o: unknown, k) => (o as Record<string, unknown>)?.[k], a) === '');
  expect(empty).toEqual([]);
});
