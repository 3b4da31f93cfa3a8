// What administrators may see and change.

import { api } from '../api/http';
import type { User } from '../store/who.svelte';
import type { Usage } from '../people/calls';

export type Role = User['role'];
export interface Quota {
  tokens_per_day: number; // 0: the next wider rule counts, -1: no limit
  requests_per_day: number;
}
export interface Group {
  id: string;
  name: string;
  quota: Quota;
  members: number;
  created: number;
}
export interface Invitation {
  id: string;
  role: Role;
  name: string;
  email: string;
  groups: string[];
  created: number;
  expires: number;
  used: number; // 0: still open
  user: string;
  token?: string;
  url?: string; // the path, only in the answer that makes it
}
export interface Entry {
  id: string;
  at: number;
  actor: { id: string; name: string };
  action: string;
  target: string;
  address: string;
  detail: string;
}
export interface SiteModel {
  name: string;
  title: string;
  family: string;
  parameters: string;
  quant: string;
  bytes: number;
  context: number;
  licence: string;
  licence_url: string;
  loaded: boolean;
  remote: boolean;
  server?: string; // what the other server is called
  running: number;
  waiting: number;
}
export interface Resident {
  name: string;
  bytes: number; // as estimated, 0: not known
  users: number; // with none it may be unloaded
  loading: boolean;
}
export interface Pool {
  limit: number; // 0: this process loads no models
  bytes: number;
  bytes_limit: number; // 0: none
  keep_alive_ms: number;
  models: Resident[];
}
export interface Replica {
  address: string;
  answers: boolean;
  resting: boolean;
  in_flight: number;
  models: number;
  probed: number; // 0: not yet
  latency_ms: number; // 0: not known
  first_ms: number;
  failure: string;
  failed_at: number;
}
export interface Upstream {
  name: string;
  masked: boolean;
  models: number;
  requests: number;
  failed: number;
  replicas: Replica[];
}
export interface Health {
  version: string;
  uptime_ms: number;
  goroutines: number;
  memory: number; // bytes
  streams: number;
  answers: number;
  database: { kind: string; ok: boolean; read_only: boolean; bytes: number; schema: number };
  disk: { free: number; total: number };
  nodes: { id: string; seen: number; current: boolean }[];
}
export type FilterLevel = 'off' | 'low' | 'strict';
export interface SiteSettings {
  krw_per_hour: number;
  default_quota: Quota;
  signup: 'invite' | 'closed';
  filter: { profanity: FilterLevel; hate: FilterLevel; sexual: FilterLevel; judge: boolean };
}
export interface UserChange {
  name?: string;
  email?: string;
  role?: Role;
  disabled?: boolean;
  groups?: string[];
  quota?: Quota;
  password?: string;
}

const at = (id: string): string => encodeURIComponent(id);

export const admin = {
  users: async (): Promise<User[]> => (await api.get<{ users: User[] }>('/api/admin/users')).users,
  addUser: (u: { login: string; name: string; email: string; role: Role; groups: string[]; password: string }): Promise<User> =>
    api.post<User>('/api/admin/users', u),
  changeUser: (id: string, c: UserChange): Promise<User> => api.patch<User>(`/api/admin/users/${at(id)}`, c),
  removeUser: (id: string): Promise<void> => api.del(`/api/admin/users/${at(id)}`),
  endSessions: (id: string): Promise<void> => api.del(`/api/admin/users/${at(id)}/sessions`),

  invitations: async (): Promise<Invitation[]> =>
    (await api.get<{ invitations: Invitation[] }>('/api/admin/invitations')).invitations,
  invite: (i: { role: Role; name: string; email: string; groups: string[]; expires: number }): Promise<Invitation> =>
    api.post<Invitation>('/api/admin/invitations', i),
  uninvite: (id: string): Promise<void> => api.del(`/api/admin/invitations/${at(id)}`),

  groups: async (): Promise<Group[]> => (await api.get<{ groups: Group[] }>('/api/admin/groups')).groups,
  addGroup: (name: string, quota: Quota): Promise<Group> => api.post<Group>('/api/admin/groups', { name, quota }),
  changeGroup: (id: string, c: { name?: string; quota?: Quota }): Promise<Group> => api.patch<Group>(`/api/admin/groups/${at(id)}`, c),
  removeGroup: (id: string): Promise<void> => api.del(`/api/admin/groups/${at(id)}`),

  usage: (days: number): Promise<Usage> => api.get<Usage>('/api/admin/usage', { days }),
  models: async (): Promise<SiteModel[]> => (await api.get<{ models: SiteModel[] }>('/api/admin/models')).models,
  pool: (): Promise<Pool> => api.get<Pool>('/api/admin/pool'),
  unload: (model: string): Promise<void> => api.post('/api/admin/pool/unload', { model }),
  upstreams: async (): Promise<Upstream[]> => (await api.get<{ upstreams: Upstream[] }>('/api/admin/upstreams')).upstreams,
  health: (): Promise<Health> => api.get<Health>('/api/admin/health'),
  settings: (): Promise<SiteSettings> => api.get<SiteSettings>('/api/admin/settings'),
  putSettings: (s: SiteSettings): Promise<SiteSettings> => api.put<SiteSettings>('/api/admin/settings', s),
  audit: (before: string, action: string, user: string): Promise<{ entries: Entry[]; next: string }> =>
    api.get('/api/admin/audit', { limit: 50, before, action, user }),
};
