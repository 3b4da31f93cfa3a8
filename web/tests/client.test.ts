import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, apiKey, kindOf, mergeInfo, streamChat } from '../src/lib/api/client';
import type { Chunk } from '../src/lib/api/types';

const request = { model: 'm', messages: [{ role: 'user' as const, content: '안녕' }] };

function answer(body: string | Uint8Array[], init: ResponseInit = {}): Response {
  const parts = typeof body === 'string' ? [new TextEncoder().encode(body)] : body;
  const stream = new ReadableStream<Uint8Array>({
    start(c) {
      for (const p of parts) c.enqueue(p);
      c.close();
    },
  });
  return new Response(stream, init);
}

async function ask(response: Response | Error): Promise<{ chunks: Chunk[]; error: unknown }> {
  vi.stubGlobal('fetch', vi.fn(async () => {
    if (response instanceof Error) throw response;
    return response;
  }));
  const chunks: Chunk[] = [];
  try {
    await streamChat(request, { onChunk: (c) => chunks.push(c) }, new AbortController().signal);
    return { chunks, error: undefined };
  } catch (error) {
    return { chunks, error };
  }
}

beforeEach(() => sessionStorage.clear());
afterEach(() => vi.unstubAllGlobals());

describe('streamChat', () => {
  it('delivers the chunks before [DONE]', async () => {
    const { chunks, error } = await ask(
      answer('data: {"choices":[{"delta":{"content":"안"}}]}\n\ndata: {"choices":[{"delta":{"content":"녕"}}]}\n\ndata: [DONE]\n\ndata: {"choices":[]}\n\n'),
    );
    expect(error).toBeUndefined();
    expect(chunks.map((c) => c.choices?.[0]?.delta?.content)).toEqual(['안', '녕']);
  });

  it('calls a stream without [DONE] cut', async () => {
    const { chunks, error } = await ask(answer('data: {"choices":[{"delta":{"content":"안"}}]}\n\n'));
    expect(chunks).toHaveLength(1);
    expect(error).toMatchObject({ kind: 'cut' });
  });

  it('asks for a stream with usage, and sends the key it holds', async () => {
    apiKey.set(' sk-1 ');
    await ask(answer('data: [DONE]\n\n'));
    const [path, init] = vi.mocked(fetch).mock.calls[0] as [string, RequestInit];
    expect(path).toBe('/v1/chat/completions');
    expect(JSON.parse(init.body as string)).toMatchObject({ model: 'm', stream: true, stream_options: { include_usage: true } });
    expect(new Headers(init.headers).get('Authorization')).toBe('Bearer sk-1');
  });

  it.each([
    [401, '{"error":{"message":"no key","code":"invalid_api_key"}}', 'auth', 'no key'],
    [429, '{"error":{"message":"full"}}', 'busy', 'full'],
    [400, '{"error":{"message":"long","code":"context_length_exceeded"}}', 'context', 'long'],
    [404, '{"error":{"message":"which?","code":"model_not_found"}}', 'model', 'which?'],
    [400, '{"error":{"message":"bad"}}', 'request', 'bad'],
    [500, '<html>proxy</html>', 'server', ''],
    [502, '', 'offline', ''],
  ])('words HTTP %i', async (status, body, kind, detail) => {
    const { error } = await ask(new Response(body, { status, headers: { 'Retry-After': '3' } }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ kind, detail, retryAfter: 3 });
  });

  it('tells an unreachable server, an error inside a stream and bad JSON apart', async () => {
    expect((await ask(new TypeError('fetch failed'))).error).toMatchObject({ kind: 'offline' });
    expect((await ask(answer('data: {"error":{"message":"boom"}}\n\n'))).error).toMatchObject({ kind: 'server', detail: 'boom' });
    expect((await ask(answer('data: {oops\n\n'))).error).toMatchObject({ kind: 'server' });
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

  it('does with /v1/models alone, and with nonsense', () => {
    expect(mergeInfo(list, null)).toMatchObject({ defaultModel: 'a' });
    expect(mergeInfo({ data: 'no' }, { models: [null, 3, { name: 7 }] }).models).toEqual([]);
    expect(mergeInfo(null, null)).toEqual({ version: '', defaultModel: '', models: [] });
    expect(mergeInfo(list, { default_model: 'gone' }).defaultModel).toBe('a');
  });
});
