// How I want answers, as the server keeps it for all my browsers. What an older
// page kept in this browser is moved there once.

import { say } from '../people/errors';
import { settings } from '../store/settings.svelte';
import { library, type Mine } from './calls';

const empty: Mine = { default_model: '', system: '', tone: '', memory: true, params: {}, language: '' };
const movedName = 'malmoi.moved-settings';

/** The older page's settings as the server has them; undefined when nothing was chosen. */
export function oldSettings(s: { system: string; temperature: number | null; topP: number | null; maxTokens: number | null; model: string }): Partial<Mine> | undefined {
  const params: Mine['params'] = {};
  if (s.temperature !== null) params.temperature = s.temperature;
  if (s.topP !== null) params.top_p = s.topP;
  if (s.maxTokens !== null && s.maxTokens !== 2048) params.max_tokens = s.maxTokens; // 2,048 was nobody's choice
  const chosen = s.system.trim() !== '' || Object.keys(params).length > 0 || s.model !== '';
  return chosen ? { system: s.system, params, default_model: s.model } : undefined;
}

/** Nothing was ever chosen on the server. */
export const untouched = (m: Mine): boolean =>
  m.default_model === '' && m.system === '' && m.tone === '' && Object.values(m.params).every((v) => v === undefined || v === null);

class MySettings {
  value = $state.raw<Mine | undefined>(undefined);
  error = $state('');
  saving = $state(false);
  #wanted: Mine | undefined;
  #under: Promise<void> | undefined;

  async load(): Promise<void> {
    this.error = '';
    try {
      const got = { ...empty, ...(await library.settings()) };
      this.value = got;
      await this.#move(got);
    } catch (e) {
      this.error = say(e).text;
    }
  }

  /** Shows a change at once and saves it; of changes in quick succession only the last is sent. */
  async change(c: Partial<Mine>): Promise<boolean> {
    if (!this.value) return false;
    const before = this.value;
    this.value = { ...before, ...c };
    this.#wanted = this.value;
    this.#under ??= this.#save(before).finally(() => (this.#under = undefined));
    await this.#under;
    return this.error === '';
  }

  async #save(good: Mine): Promise<void> {
    this.saving = true;
    this.error = '';
    try {
      while (this.#wanted) {
        const wanted = this.#wanted;
        this.#wanted = undefined;
        good = { ...empty, ...(await library.putSettings(wanted)) };
      }
      this.value = good;
    } catch (e) {
      this.#wanted = undefined;
      this.value = good;
      this.error = say(e).text;
    }
    this.saving = false;
  }

  async #move(got: Mine): Promise<void> {
    if (localStorage.getItem(movedName) !== null) return;
    const old = oldSettings(settings);
    if (old && untouched(got)) await this.change(old);
    if (this.error === '') localStorage.setItem(movedName, '1');
  }
}

export const mine = new MySettings();
