// Everything the page says to the server. Knows HTTP and JSON, nothing of the
// screen: failures come out as one ApiError whose kind the screen words.

import { EventParser } from './sse';
import type { ChatRequest, Chunk, Model, ServerInfo, Usage } from './types';

export type ErrorKind =
  | 'offline' // the server did not answer
  | 'auth' // it wants an API key
  | 'busy' // its queue is full
  | 'context' // the conversation is longer than the model reads
  | 'model' // the model is not there
  | 'request' // it refused the request
  | 'server' // it failed
  | 'cut'; // the stream ended before the answer did

export class ApiError extends Error {
  constructor(
    readonly kind: ErrorKind,
    readonly detail: string,
    readonly retryAfter = 0, // seconds, 0: not said
  ) {
    super(detail || kind);
  }
}

const keyName = 'malmoi.key';

export const apiKey = {
  get: (): string => sessionStorage.getItem(keyName) ?? '',
  set: (key: string): void => sessionStorage.setItem(keyName, key.trim()),
  clear: (): void => sessionStorage.removeItem(keyName),
};

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const key = apiKey.get();
  if (key) headers.set('Authorization', `Bearer ${key}`);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, credentials: 'same-origin' });
  } catch (e) {
    if (init.signal?.aborted) throw e;
    throw new ApiError('offline', '');
  }
  if (!response.ok) throw await failure(response);
  return response;
}

async function failure(response: Response): Promise<ApiError> {
  const text = (await response.text().catch(() => '')).slice(0, 4000);
  let message = '';
  let code = '';
  try {
    const body = JSON.parse(text) as { error?: { message?: string; code?: string; type?: string } };
    message = body.error?.message ?? '';
    code = body.error?.code ?? body.error?.type ?? '';
  } catch {
    // a proxy's HTML page is of no help to anybody
  }
  const after = Number(response.headers.get('Retry-After') ?? '0');
  return new ApiError(kindOf(response.status, code), message, Number.isFinite(after) ? after : 0);
}

export function kindOf(status: number, code: string): ErrorKind {
  if (code === 'context_length_exceeded') return 'context';
  if (code === 'model_not_found') return 'model';
  if (status === 401 || status === 403) return 'auth';
  if (status === 429) return 'busy';
  if (status === 502 || status === 504) return 'offline';
  if (status === 503) return 'busy';
  if (status === 404) return 'model';
  return status >= 500 ? 'server' : 'request';
}

type Dict = Record<string, unknown>;
const text = (v: unknown): string => (typeof v === 'string' ? v : '');
const number = (v: unknown): number => (typeof v === 'number' && Number.isFinite(v) ? v : 0);
const list = (v: unknown): Dict[] => (Array.isArray(v) ? v.filter((x) => x && typeof x === 'object') : []);

function toModel(id: string, d: Dict): Model {
  return {
    id,
    title: text(d.title) || id,
    parameters: text(d.parameters),
    quant: text(d.quant),
    bytes: number(d.bytes),
    context: number(d.context),
    licence: text(d.licence),
    licenceURL: text(d.licence_url),
    note: text(d.note),
    chat: d.chat !== false,
    reasoning: d.reasoning === true,
    loaded: d.loaded === true,
  };
}

/** Puts the two descriptions together; a server that has only /v1/models will do. */
export function mergeInfo(models: unknown, info: unknown): ServerInfo {
  const about = (info ?? {}) as Dict;
  const byName = new Map(list(about.models).map((m) => [text(m.name) || text(m.id), m]));
  const merged = list((models as Dict | null)?.data).map((m) => {
    const id = text(m.id);
    return toModel(id, { ...m, ...byName.get(id) });
  });
  const usable = merged.filter((m) => m.id !== '' && m.chat);
  const named = text(about.default_model) || text(about.default);
  const fallback = usable[0]?.id ?? '';
  return {
    version: text(about.version),
    defaultModel: usable.some((m) => m.id === named) ? named : fallback,
    models: usable,
  };
}

export async function loadInfo(signal?: AbortSignal): Promise<ServerInfo> {
  const models = await (await call('/v1/models', { signal })).json();
  const info = await call('/api/info', { signal })
    .then((r) => r.json())
    .catch(() => null);
  return mergeInfo(models, info);
}

export interface StreamHandlers {
  onChunk(chunk: Chunk): void;
}

/** Streams one answer. Returns when it is complete, throws ApiError, or the abort. */
export async function streamChat(request: ChatRequest, handlers: StreamHandlers, signal: AbortSignal): Promise<void> {
  const response = await call('/v1/chat/completions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
    body: JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  if (!response.body) throw new ApiError('server', '');
  const reader = response.body.getReader();
  const parser = new EventParser();
  let done = false;
  const take = (events: string[]): void => {
    for (const data of events) {
      if (done || data === '[DONE]') {
        done = true;
        return;
      }
      handlers.onChunk(readChunk(data));
    }
  };
  try {
    while (!done) {
      const { value, done: ended } = await reader.read();
      if (ended) {
        take(parser.end());
        break;
      }
      take(parser.push(value));
    }
  } catch (e) {
    if (signal.aborted || e instanceof ApiError) throw e;
    throw new ApiError('cut', '');
  } finally {
    reader.cancel().catch(() => {});
  }
  if (!done) throw new ApiError('cut', '');
}

function readChunk(data: string): Chunk {
  let chunk: Chunk;
  try {
    chunk = JSON.parse(data) as Chunk;
  } catch {
    throw new ApiError('server', '');
  }
  if (chunk.error) throw new ApiError(kindOf(500, chunk.error.code ?? ''), chunk.error.message ?? '');
  return chunk;
}

export type { Usage };
