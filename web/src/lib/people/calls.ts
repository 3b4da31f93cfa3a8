// What the server knows of the signed-in person, and how to change it.

import { api } from '../api/http';
import type { User } from '../store/who.svelte';

export type Scope = 'models' | 'chats' | 'admin';

/** A browser, or another program, that is signed in. Times are ms since 1970. */
export interface Device {
  id: string;
  current: boolean;
  created: number;
  seen: number;
  address: string;
  agent: string;
}

export interface Key {
  id: string;
  name: string;
  prefix: string;
  scopes: Scope[];
  created: number;
  expires: number; // 0: never
  seen: number; // 0: not yet used
  key?: string; // only in the answer that makes it
}

export interface Sum {
  requests: number;
  prompt_tokens: number;
  cached_tokens?: number;
  completion_tokens: number;
  cost_krw: number;
}
export interface Day extends Sum {
  day: string; // in Seoul, as 2026-11-24
}
export interface Usage {
  days: Day[];
  models: (Sum & { model: string })[];
  users?: (Sum & { id: string; name: string })[];
  /** Limits of a day, 0 where there is none. */
  quota: { tokens_per_day: number; requests_per_day: number; tokens_today: number; requests_today: number };
}

export interface Invited {
  role: User['role'];
  name: string;
  email: string;
  expires: number;
}

interface NewAccount {
  login: string;
  name: string;
  password: string;
}

const signIn = async (path: string, body: unknown): Promise<User> =>
  (await api.post<{ user: User }>(path, body, { quiet: true })).user;

/** People and their credentials. quiet: a refusal belongs to the form, not to a sign-in dialog. */
export const people = {
  setUp: (n: NewAccount): Promise<User> => signIn('/api/setup', n),
  signIn: (login: string, password: string): Promise<User> => signIn('/api/session', { login, password }),
  invitation: (token: string): Promise<Invited> =>
    api.get<Invited>(`/api/invitations/${encodeURIComponent(token)}`, undefined, { quiet: true }),
  accept: (token: string, n: NewAccount): Promise<User> => signIn(`/api/invitations/${encodeURIComponent(token)}`, n),

  change: (c: { name?: string; email?: string; current_password?: string; password?: string }): Promise<User> =>
    api.patch<User>('/api/me', c),
  devices: async (): Promise<Device[]> => (await api.get<{ sessions: Device[] }>('/api/sessions')).sessions,
  endDevice: (id: string): Promise<void> => api.del(`/api/sessions/${id}`),
  endAll: (): Promise<void> => api.del('/api/sessions'),
  keys: async (): Promise<Key[]> => (await api.get<{ keys: Key[] }>('/api/keys')).keys,
  makeKey: (name: string, scopes: Scope[], expires: number): Promise<Key> =>
    api.post<Key>('/api/keys', { name, scopes, ...(expires > 0 && { expires }) }),
  revokeKey: (id: string): Promise<void> => api.del(`/api/keys/${id}`),
  usage: (days: number): Promise<Usage> => api.get<Usage>('/api/usage', { days }),
};
