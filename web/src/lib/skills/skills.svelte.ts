// Which skills the server has for this user, and whether a chat uses them.

import { api } from '../api/http';

export interface Skill {
  name: string;
  title: string;
  description: string;
  effect: 'pure' | 'reads' | 'changes' | 'page';
}

class SkillStore {
  list = $state.raw<Skill[]>([]);
  #loading: Promise<void> | undefined;

  /** Asks the server once; a server without skills, or an older one, has none. */
  load(): Promise<void> {
    return (this.#loading ??= api
      .get<{ skills: Skill[] }>('/api/skills')
      .then((r) => void (this.list = r.skills))
      .catch(() => void (this.#loading = undefined)));
  }

  /** Asks again: a setting has changed what there is. */
  reload(): Promise<void> {
    this.#loading = undefined;
    return this.load();
  }

  title(name: string): string {
    return this.list.find((s) => s.name === name)?.title ?? name;
  }
}

export const skills = new SkillStore();

/** The user's word on a call; false when it came too late. */
export async function consent(message: string, call: string, allow: boolean): Promise<void> {
  await api.post(`/api/messages/${encodeURIComponent(message)}/consent`, { call, allow });
}
