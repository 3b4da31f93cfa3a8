// What a user wants in every chat, kept by the server so that it is the same
// on every device: /api/settings.

import { prefsAPI } from '../api/client';
import type { Prefs, Skills } from '../api/types';
import { t } from '../i18n/index.svelte';
import type { Choice } from '../skills/choice';
import { settings } from './settings.svelte';
import { toast } from './toasts.svelte';

const saveMS = 600;
const unlimited = 1 << 20; // the longest answer that can be asked for

const empty: Prefs = { default_model: '', system: '', tone: '', memory: true, params: {}, language: '' };

class PrefStore {
  value = $state.raw<Prefs>(empty);
  loaded = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #loading: Promise<void> = Promise.resolve();
  #saving: Promise<void> = Promise.resolve();

  load(): Promise<void> {
    return (this.#loading = this.#load());
  }

  async #load(): Promise<void> {
    const said = await prefsAPI.get();
    this.value = { ...empty, ...said, params: said.params ?? {} };
    this.loaded = true;
    this.#adopt();
  }

  /** What an older page kept in this browser moves over once. */
  #adopt(): void {
    const old = settings.moved ? undefined : settings;
    settings.moved = true;
    if (!old) return;
    const change: Partial<Prefs> = {};
    if (old.system !== '' && this.value.system === '') change.system = old.system;
    if (old.model !== '' && this.value.default_model === '') change.default_model = old.model;
    const p = this.value.params;
    const params = {
      ...(old.temperature !== null && p.temperature === undefined && { temperature: old.temperature }),
      ...(old.topP !== null && p.top_p === undefined && { top_p: old.topP }),
      ...(old.maxTokens !== null && p.max_tokens === undefined && old.maxTokens !== 2048 && { max_tokens: old.maxTokens }),
    };
    if (Object.keys(params).length > 0) change.params = { ...p, ...params };
    if (Object.keys(change).length > 0) this.change(change);
  }

  /** Takes a change at once and saves it soon. */
  change(change: Partial<Prefs>): void {
    this.value = { ...this.value, ...change };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#saving = this.#save()), saveMS);
  }

  /** Resolves when the server has what was changed here. */
  async settled(): Promise<void> {
    await this.#loading.catch(() => {}); // what it was before will do
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#saving = this.#save();
    }
    await this.#saving;
  }

  async #save(keepalive = false): Promise<void> {
    this.#timer = undefined;
    try {
      await prefsAPI.put(this.value, keepalive);
    } catch {
      toast(t().prefsFailed, { label: t().retry, run: () => void this.#save() });
    }
  }

  /** The page goes away: what waits is sent now. */
  flush(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    void this.#save(true);
  }

  get skills(): Skills {
    return this.value.skills ?? '';
  }
  set skills(use: Skills) {
    this.change({ skills: use });
  }
  get skillChoice(): Choice {
    return { use: this.skills, names: this.skills === 'on' ? (this.value.skill_names ?? []) : [] };
  }
  set skillChoice(c: Choice) {
    this.change({ skills: c.use, skill_names: c.names });
  }
  /** Undefined where the server has no such thing. */
  get codeInterpreter(): boolean | undefined {
    return this.value.code_interpreter;
  }
  set codeInterpreter(on: boolean) {
    this.change({ code_interpreter: on });
  }
  get system(): string {
    return this.value.system;
  }
  set system(text: string) {
    this.change({ system: text });
  }
  get temperature(): number | null {
    return this.value.params.temperature ?? null;
  }
  set temperature(n: number | null) {
    this.#param('temperature', n);
  }
  get topP(): number | null {
    return this.value.params.top_p ?? null;
  }
  set topP(n: number | null) {
    this.#param('top_p', n === null ? null : Math.max(0.05, n));
  }
  get maxTokens(): number | null {
    const n = this.value.params.max_tokens;
    return n === unlimited ? null : (n ?? 2048);
  }
  set maxTokens(n: number | null) {
    this.#param('max_tokens', n ?? unlimited);
  }

  #param(name: 'temperature' | 'top_p' | 'max_tokens', n: number | null): void {
    const params = { ...this.value.params };
    if (n === null) delete params[name];
    else params[name] = n;
    this.change({ params });
  }
}

export const prefs = new PrefStore();
