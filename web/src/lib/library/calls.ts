// What is somebody's own: prompts, presets, memories, and how they want answers.

import { api } from '../api/http';

export interface Params {
  temperature?: number;
  top_p?: number;
  max_tokens?: number;
}
export type Tone = '' | 'haeyo' | 'hapsyo' | 'english';

export interface Prompt {
  id: string;
  name: string;
  text: string; // {{name}} in it asks for a value
  created: number;
}
export interface Preset {
  id: string;
  name: string;
  model: string; // '': any
  system: string;
  tone: Tone;
  params: Params;
  created: number;
}
export interface Memory {
  id: string;
  text: string;
  enabled: boolean;
  created: number;
}
/** The bounds of the server (internal/converse). */
export const limits = { name: 100, text: 32 * 1024, memory: 2000 } as const; // characters; bytes; bytes

export const bytesOf = (s: string): number => new TextEncoder().encode(s).length;

const at = (id: string): string => encodeURIComponent(id);

export const library = {
  prompts: async (): Promise<Prompt[]> => (await api.get<{ prompts: Prompt[] }>('/api/prompts')).prompts,
  addPrompt: (p: { name: string; text: string }): Promise<Prompt> => api.post<Prompt>('/api/prompts', p),
  changePrompt: (id: string, p: { name?: string; text?: string }): Promise<Prompt> => api.patch<Prompt>(`/api/prompts/${at(id)}`, p),
  removePrompt: (id: string): Promise<void> => api.del(`/api/prompts/${at(id)}`),

  presets: async (): Promise<Preset[]> => (await api.get<{ presets: Preset[] }>('/api/presets')).presets,
  addPreset: (p: Omit<Preset, 'id' | 'created'>): Promise<Preset> => api.post<Preset>('/api/presets', p),
  changePreset: (id: string, p: Partial<Omit<Preset, 'id' | 'created'>>): Promise<Preset> =>
    api.patch<Preset>(`/api/presets/${at(id)}`, p),
  removePreset: (id: string): Promise<void> => api.del(`/api/presets/${at(id)}`),

  memories: async (): Promise<Memory[]> => (await api.get<{ memories: Memory[] }>('/api/memories')).memories,
  addMemory: (text: string): Promise<Memory> => api.post<Memory>('/api/memories', { text }),
  changeMemory: (id: string, m: { text?: string; enabled?: boolean }): Promise<Memory> => api.patch<Memory>(`/api/memories/${at(id)}`, m),
  removeMemory: (id: string): Promise<void> => api.del(`/api/memories/${at(id)}`),
};
