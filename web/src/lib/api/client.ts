// Every request of the conversations, one function each.

import { api, request } from './http';
import type {
  Chat, Folder, FolderFile, Hit, Imported, Message, Model, Params, Prefs, ServerInfo, Share, Shared,
} from './types';

const at = encodeURIComponent;

export interface ChatList {
  chats: Chat[];
  next: string;
}
export type ChatChange = Partial<Pick<Chat, 'title' | 'model' | 'folder' | 'preset' | 'system' | 'leaf' | 'pinned' | 'archived' | 'skills' | 'skill_names'>>;
export type NewChat = { id: string } & Partial<Pick<Chat, 'title' | 'model' | 'folder' | 'preset' | 'system' | 'skills' | 'skill_names'>>;

export const chats = {
  list: (before = '', archived = false): Promise<ChatList> =>
    api.get('/api/chats', { before, archived: archived || undefined, limit: 100 }),
  open: (id: string): Promise<{ chat: Chat; messages: Message[] }> => api.get(`/api/chats/${at(id)}`),
  make: (c: NewChat): Promise<Chat> => api.post('/api/chats', c),
  change: (id: string, c: ChatChange): Promise<Chat> => api.patch(`/api/chats/${at(id)}`, c),
  remove: (id: string): Promise<void> => api.del(`/api/chats/${at(id)}`),
  restore: (id: string): Promise<Chat> => api.post(`/api/chats/${at(id)}/restore`),
  exportPath: (id: string, format: 'md' | 'json' | 'html'): string => `/api/chats/${at(id)}/export?format=${format}`,
  shares: (id: string): Promise<Share[]> => api.get<{ shares: Share[] }>(`/api/chats/${at(id)}/shares`).then((r) => r.shares),
  share: (id: string, expires: number): Promise<Share> => api.post(`/api/chats/${at(id)}/shares`, { expires }),
  unshare: (share: string): Promise<void> => api.del(`/api/shares/${at(share)}`),
};

export interface Question {
  id: string;
  parent: string;
  content: string;
  pasted?: number;
  models?: string[];
  params?: Params;
}

export const messages = {
  ask: (chat: string, q: Question): Promise<{ question: Message; answers: Message[] }> =>
    api.post(`/api/chats/${at(chat)}/messages`, q),
  again: (id: string, model: string, params: Params): Promise<{ answer: Message }> =>
    api.post(`/api/messages/${at(id)}/regenerate`, { model, params }),
  goOn: (id: string): Promise<{ answer: Message }> => api.post(`/api/messages/${at(id)}/continue`),
  stop: (id: string): Promise<void> => api.post(`/api/messages/${at(id)}/stop`),
  remove: (id: string): Promise<void> => api.del(`/api/messages/${at(id)}`),
  restore: (id: string): Promise<Message> => api.post(`/api/messages/${at(id)}/restore`),
  vote: (id: string, vote: 'up' | 'down' | ''): Promise<void> => api.put(`/api/messages/${at(id)}/vote`, { vote }),
  prefer: (question: string, chosen: string): Promise<void> =>
    api.put(`/api/messages/${at(question)}/preference`, { chosen }),
  streamPath: (id: string): string => `/api/messages/${at(id)}/stream`,
};

export const folders = {
  list: (): Promise<Folder[]> => api.get<{ folders: Folder[] }>('/api/folders').then((r) => r.folders),
  make: (name: string, instructions = '', color = ''): Promise<Folder> => api.post('/api/folders', { name, instructions, color }),
  change: (id: string, c: Partial<Pick<Folder, 'name' | 'instructions' | 'color'>>): Promise<Folder> =>
    api.patch(`/api/folders/${at(id)}`, c),
  remove: (id: string): Promise<void> => api.del(`/api/folders/${at(id)}`),
  files: (id: string): Promise<FolderFile[]> =>
    api.get<{ files: FolderFile[] }>(`/api/folders/${at(id)}/files`).then((r) => r.files),
  addFile: (id: string, file: File): Promise<FolderFile> =>
    api.upload(`/api/folders/${at(id)}/files`, file, { name: file.name }, {
      headers: { 'Content-Type': 'application/octet-stream' },
    }),
  removeFile: (id: string, file: string): Promise<void> => api.del(`/api/folders/${at(id)}/files/${at(file)}`),
  filePath: (id: string, file: string): string => `/api/folders/${at(id)}/files/${at(file)}`,
};

export const search = (q: string, signal: AbortSignal): Promise<Hit[]> =>
  api.get<{ results: Hit[] | null }>('/api/search', { q, limit: 30 }, { signal }).then((r) => r.results ?? []);

export const importFile = (body: Blob): Promise<Imported> =>
  api.upload('/api/import', body, undefined, { headers: { 'Content-Type': 'application/octet-stream' } });

/** What a link shows; nobody needs to sign in for it. */
export const shared = (token: string): Promise<Shared> => api.get(`/api/shared/${at(token)}`, undefined, { quiet: true });

export const prefsAPI = {
  get: (): Promise<Prefs> => api.get('/api/settings'),
  put: (p: Prefs, keepalive = false): Promise<Prefs> => api.put('/api/settings', p, { keepalive }),
};

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
    remote: d.remote === true,
    server: text(d.server),
    masked: d.masked === true,
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

export async function loadInfo(): Promise<ServerInfo> {
  const models = await (await request('/v1/models')).json();
  const info = await request('/api/info', { quiet: true })
    .then((r) => r.json())
    .catch(() => null);
  return mergeInfo(models, info);
}
