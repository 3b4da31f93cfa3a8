import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mergeInfo } from '../src/lib/api/client';
import { api, ApiError, apiKey, kindOf, onLocked, request } from '../src/lib/api/http';

function serve(...responses: (Response | Error)[]): void {
  vi.stubGlobal('fetch', vi.fn(async () => {
    const next = responses.length > 1 ? responses.shift() : responses[0];
    if (next instanceof Error) throw next;
    return (next as Response).clone();
  }));
}

const refused = (status: number, code: string): Response =>
  new Response(JSON.stringify({ error: { message: 'no', code } }), { status });

beforeEach(() => {
  sessionStorage.clear();
  onLocked(async () => false);
});
afterEach(() => vi.unstubAllGlobals());

describe('request', () => {
  it('sends JSON, the query without empty values, and the key it holds', async () => {
    apiKey.set(' sk-1 ');
    serve(new Response('{"ok":1}'));
    expect(await api.post('/api/x', { a: '가' })).toEqual({ ok: 1 });
    expect(await api.get('/api/y', { q: '말 모이', before: '', limit: 3, archived: undefined })).toEqual({ ok: 1 });
    const [[path, init], [second]] = vi.mocked(fetch).mock.calls as [string, RequestInit][] as [[string, RequestInit], [string]];
    expect(path).toBe('/api/x');
    expect(init).toMatchObject({ method: 'POST', body: '{"a":"가"}' });
    const headers = new Headers(init.headers);
    expect(headers.get('Authorization')).toBe('Bearer sk-1');
    expect(headers.get('Content-Type')).toBe('application/json');
    expect(second).toBe('/api/y?q=%EB%A7%90+%EB%AA%A8%EC%9D%B4&limit=3');
  });

  it.each([
    [401, '{"error":{"message":"no key","code":"invalid_api_key"}}', 'auth', 'no key'],
    [403, '{"error":{"message":"no","code":"forbidden"}}', 'forbidden', 'no'],
    [404, '{"error":{"message":"gone","code":"not_found"}}', 'missing', 'gone'],
    [404, '{"error":{"message":"which?","code":"model_not_found"}}', 'model', 'which?'],
    [409, '{"error":{"message":"late","code":"conflict"}}', 'conflict', 'late'],
    [429, '{"error":{"message":"full","code":"rate_limited"}}', 'busy', 'full'],
    [429, '{"error":{"message":"enough","code":"quota_exceeded"}}', 'quota', 'enough'],
    [503, '{"error":{"message":"disk","code":"read_only"}}', 'readonly', 'disk'],
    [400, '{"error":{"message":"long","code":"context_length_exceeded"}}', 'context', 'long'],
    [422, '{"error":{"message":"bad","code":"invalid_request","param":"title","reason":"too_long"}}', 'request', 'bad'],
    [500, '<html>proxy</html>', 'server', ''],
    [502, '', 'offline', ''],
  ])('words HTTP %i', async (status, body, kind, detail) => {
    serve(new Response(body, { status, headers: { 'Retry-After': '3' } }));
    const error = await api.get('/api/x').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ kind, detail, retryAfter: 3, status });
    if (status === 422) expect(error).toMatchObject({ param: 'title', reason: 'too_long', code: 'invalid_request' });
  });

  it('calls an unreachable server offline, and bad JSON the server\'s fault', async () => {
    serve(new TypeError('fetch failed'));
    await expect(api.get('/api/x')).rejects.toMatchObject({ kind: 'offline', status: 0 });
    serve(new Response('{oops'));
    await expect(api.get('/api/x')).rejects.toMatchObject({ kind: 'server' });
  });

  it('gives nothing for 204', async () => {
    serve(new Response(null, { status: 204 }));
    expect(await api.del('/api/x')).toBeUndefined();
  });

  it('asks to sign in and makes the request again', async () => {
    const ask = vi.fn(async () => true);
    onLocked(ask);
    serve(refused(401, 'not_signed_in'), new Response('{"ok":1}'));
    expect(await api.post('/api/chats', { title: '초안' })).toEqual({ ok: 1 });
    expect(ask).toHaveBeenCalledOnce();
    expect(vi.mocked(fetch).mock.calls).toHaveLength(2);
  });

  it('does not ask for a wrong password, nor when told to be quiet, nor twice when one gives up', async () => {
    const ask = vi.fn(async () => false);
    onLocked(ask);
    serve(refused(401, 'invalid_credentials'));
    await expect(api.post('/api/session')).rejects.toMatchObject({ code: 'invalid_credentials' });
    serve(refused(401, 'not_signed_in'));
    await expect(request('/api/x', { quiet: true })).rejects.toMatchObject({ kind: 'auth' });
    expect(ask).not.toHaveBeenCalled();
    await expect(request('/api/x')).rejects.toMatchObject({ kind: 'auth' });
    expect(ask).toHaveBeenCalledOnce();
  });
});

describe('kindOf', () => {
  it('prefers the code to the status', () => {
    expect(kindOf(400, 'model_not_found')).toBe('model');
    expect(kindOf(503, '')).toBe('busy');
  });
});

describe('mergeInfo', () => {
  const list = { data: [{ id: 'a' }, { id: 'b' }, { id: 'e' }] };

  it('joins both descriptions and hides what cannot chat', () => {
    const info = mergeInfo(list, {
      version: '1.2',
      default_model: 'b',
      models: [{ name: 'a', title: 'A', bytes: 5, licence: 'L' }, { name: 'b', note: '주의' }, { name: 'e', chat: false }],
    });
    expect(info.models.map((m) => m.id)).toEqual(['a', 'b']);
    expect(info.models[0]).toMatchObject({ title: 'A', bytes: 5, licence: 'L' });
    expect(info.models[1]).toMatchObject({ title: 'b', note: '주의' });
    expect(info).toMatchObject({ defaultModel: 'b', version: '1.2' });
  });

  it('knows which models run on another server', () => {
    const far = { name: 'a', remote: true, server: 'gpu', masked: true };
    const { models } = mergeInfo(list, { models: [far, { name: 'b', remote: 'yes', server: 3 }] });
    expect(models[0]).toMatchObject({ remote: true, server: 'gpu', masked: true });
    expect(models[1]).toMatchObject({ remote: false, server: '', masked: false });
  });

  it('does with /v1/models alone, and with nonsense', () => {
    expect(mergeInfo(list, null)).toMatchObject({ defaultModel: 'a' });
    expect(mergeInfo({ data: 'no' }, { models: [null, 3, { name: 7 }] }).models).toEqual([]);
    expect(mergeInfo(null, null)).toEqual({ version: '', defaultModel: '', models: [] });
    expect(mergeInfo(list, { default_model: 'gone' }).defaultModel).toBe('a');
  });
});
