// Everything the page says to the server. Knows HTTP and JSON, nothing of the
// screen: failures come out as one ApiError whose kind the screen words.

import { ApiError, apiKey, kindOf, request, type ErrorKind, type Options } from './http';
import { EventParser } from './sse';
import type { ChatRequest, Chunk, Model, ServerInfo, Usage } from './types';

/** Everything else is in http.ts; this door is for the models. */
const call = (path: string, init: Options = {}): Promise<Response> => request(path, { ...init, quiet: true });

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
export async function streamChat(ask: ChatRequest, handlers: StreamHandlers, signal: AbortSignal): Promise<void> {
  const response = await call('/v1/chat/completions', {
    method: 'POST',
    headers: { Accept: 'text/event-stream' },
    json: { ...ask, stream: true, stream_options: { include_usage: true } },
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

export { ApiError, apiKey, kindOf, type ErrorKind };
export type { Usage };
