// Requests to our own server. Knows HTTP and JSON, nothing of the screen:
// failures come out as one ApiError whose kind the screen words.

export type ErrorKind =
  | 'offline' // the server did not answer
  | 'auth' // it wants to know who is asking
  | 'forbidden' // it knows, and says no
  | 'missing' // not there, or somebody else's
  | 'conflict' // somebody else was first
  | 'large' // more than it takes
  | 'busy' // too much at once
  | 'quota' // too much today
  | 'readonly' // its disk is full
  | 'context' // the conversation is longer than the model reads
  | 'filter' // its text filter said no
  | 'model' // the model is not there
  | 'request' // it refused the request
  | 'server' // it failed
  | 'cut'; // the stream ended before the answer did

export class ApiError extends Error {
  /** HTTP status, 0 when there was no answer. */
  status = 0;
  /** The server's own word: 'not_signed_in', 'last_admin', … */
  code = '';
  /** Which field it is about, and what is wrong with it: 'too_short', … */
  param = '';
  reason = '';

  constructor(
    readonly kind: ErrorKind,
    readonly detail: string,
    readonly retryAfter = 0, // seconds, 0: not said
  ) {
    super(detail || kind);
  }
}

const keyName = 'malmoi.key';

/** The API key of a server that is protected by one; forgotten with the tab. */
export const apiKey = {
  get: (): string => sessionStorage.getItem(keyName) ?? '',
  set: (key: string): void => sessionStorage.setItem(keyName, key.trim()),
  clear: (): void => sessionStorage.removeItem(keyName),
};

let letIn: () => Promise<boolean> = async () => false;

/**
 * What to do when a request is refused because nobody is signed in. True means
 * that somebody is now, and the request is made again: what was typed is kept.
 */
export function onLocked(ask: () => Promise<boolean>): void {
  letIn = ask;
}

const lockedCodes = new Set(['not_signed_in', 'session_ended', 'missing_api_key', 'invalid_api_key']);

export interface Options {
  method?: string;
  query?: Record<string, string | number | boolean | undefined>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: BodyInit;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Goes on while the page closes. */
  keepalive?: boolean;
  /** Do not ask the user to sign in; fail. */
  quiet?: boolean;
}

function address(path: string, query: Options['query']): string {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(query ?? {})) if (v !== undefined && v !== '') q.set(k, String(v));
  return q.size > 0 ? `${path}?${q}` : path;
}

async function once(path: string, o: Options): Promise<Response> {
  const headers = new Headers(o.headers);
  const key = apiKey.get();
  if (key) headers.set('Authorization', `Bearer ${key}`);
  if (o.json !== undefined) headers.set('Content-Type', 'application/json');
  try {
    return await fetch(address(path, o.query), {
      method: o.method ?? 'GET',
      headers,
      body: o.json !== undefined ? JSON.stringify(o.json) : o.body,
      signal: o.signal,
      keepalive: o.keepalive,
      credentials: 'same-origin',
    });
  } catch (e) {
    if (o.signal?.aborted) throw e;
    throw new ApiError('offline', '');
  }
}

/** Makes a request; resolves to its response when that is a good one, throws ApiError otherwise. */
export async function request(path: string, o: Options = {}): Promise<Response> {
  for (;;) {
    const response = await once(path, o);
    if (response.ok) return response;
    const failed = await failure(response);
    if (o.quiet || !lockedCodes.has(failed.code) || !(await letIn())) throw failed;
  }
}

async function json<T>(path: string, o: Options): Promise<T> {
  const response = await request(path, o);
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiError('server', '');
  }
}

/** The verbs of our API; each resolves to the body of the answer. */
export const api = {
  get: <T>(path: string, query?: Options['query'], o: Options = {}): Promise<T> => json(path, { ...o, query }),
  post: <T>(path: string, body: unknown = {}, o: Options = {}): Promise<T> => json(path, { ...o, method: 'POST', json: body }),
  put: <T>(path: string, body: unknown, o: Options = {}): Promise<T> => json(path, { ...o, method: 'PUT', json: body }),
  patch: <T>(path: string, body: unknown, o: Options = {}): Promise<T> => json(path, { ...o, method: 'PATCH', json: body }),
  del: (path: string, o: Options = {}): Promise<void> => json(path, { ...o, method: 'DELETE' }),
  /** A POST whose body is a file or other bytes. */
  upload: <T>(path: string, body: BodyInit, query?: Options['query'], o: Options = {}): Promise<T> =>
    json(path, { ...o, method: 'POST', body, query }),
};

async function failure(response: Response): Promise<ApiError> {
  const text = (await response.text().catch(() => '')).slice(0, 4000);
  let said: { message?: string; code?: string; type?: string; param?: string; reason?: string } = {};
  try {
    said = (JSON.parse(text) as { error?: typeof said }).error ?? {};
  } catch {
    // a proxy's HTML page is of no help to anybody
  }
  const after = Number(response.headers.get('Retry-After') ?? '0');
  const code = said.code ?? said.type ?? '';
  const e = new ApiError(kindOf(response.status, code), said.message ?? '', Number.isFinite(after) ? after : 0);
  return Object.assign(e, { status: response.status, code, param: said.param ?? '', reason: said.reason ?? '' });
}

const byCode: Record<string, ErrorKind> = {
  context_length_exceeded: 'context',
  content_filter: 'filter',
  model_not_found: 'model',
  quota_exceeded: 'quota',
  read_only: 'readonly',
};
const byStatus: Record<number, ErrorKind> = {
  401: 'auth', 403: 'forbidden', 404: 'missing', 409: 'conflict', 413: 'large', 429: 'busy', 502: 'offline', 503: 'busy', 504: 'offline',
};

export function kindOf(status: number, code: string): ErrorKind {
  return byCode[code] ?? byStatus[status] ?? (status >= 500 ? 'server' : 'request');
}
