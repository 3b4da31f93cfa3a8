// What is known of the server: whether it answers, and which models it has.

import { ApiError, loadInfo } from '../api/client';
import { t } from '../i18n/index.svelte';
import type { Model } from '../api/types';
import { auth } from './auth.svelte';
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
    return this.pick(chatModel, settings.model);
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
      await this.#failed(e);
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

  async #failed(e: unknown): Promise<void> {
    if (e instanceof ApiError && e.kind === 'auth') {
      this.state = 'locked';
      // Asked outside of this call, so that the next refresh is not refused.
      void auth.ask().then((given) => {
        if (given) void this.refresh();
      });
      return;
    }
    this.lost();
  }
}

export const server = new Server();
