// What is known of the server: whether it answers, and which models it has.

import { loadInfo } from '../api/client';
import { ApiError } from '../api/http';
import { t } from '../i18n/index.svelte';
import type { Model } from '../api/types';
import { prefs } from './prefs.svelte';
import { settings } from './settings.svelte';
import { toast } from './toasts.svelte';

const retryMS = 3000;

class Server {
  state = $state<'loading' | 'ready' | 'offline' | 'locked'>('loading');
  models = $state.raw<Model[]>([]);
  defaultModel = $state('');
  version = $state('');
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;

  /** The model that answers: the wanted one where it exists. */
  pick(...wanted: string[]): string {
    return wanted.find((w) => w !== '' && this.models.some((m) => m.id === w)) ?? this.defaultModel;
  }

  current(chatModel = ''): string {
    return this.pick(chatModel, settings.model, prefs.value.default_model);
  }

  model(id: string): Model | undefined {
    return this.models.find((m) => m.id === id);
  }

  async refresh(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    clearTimeout(this.#timer);
    try {
      const info = await loadInfo();
      this.models = info.models;
      this.defaultModel = info.defaultModel;
      this.version = info.version;
      if (this.state === 'offline') toast(t().backOnline);
      this.state = 'ready';
    } catch (e) {
      this.#failed(e);
    } finally {
      this.#busy = false;
    }
  }

  /** A request found nobody at home: say so and look again until somebody is. */
  lost(): void {
    this.state = 'offline';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.refresh(), retryMS);
  }

  #failed(e: unknown): void {
    if (e instanceof ApiError && e.kind === 'auth') {
      this.state = 'locked';
      return;
    }
    this.lost();
  }
}

export const server = new Server();
