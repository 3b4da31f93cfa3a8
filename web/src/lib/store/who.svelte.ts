// Who is using the page, as the server knows it: nobody yet, the one user of a
// personal server, or somebody who signed in.

import { api, ApiError, apiKey, onLocked } from '../api/http';
import { auth } from './auth.svelte';

export interface User {
  id: string;
  login: string;
  name: string;
  email: string;
  role: 'admin' | 'member' | 'reader';
  disabled: boolean;
  groups: { id: string; name: string }[];
  external: string;
  created: number;
  seen: number;
  quota: { tokens_per_day: number; requests_per_day: number };
}

/** The answer of GET /api/session. */
export interface Door {
  mode: 'single' | 'accounts';
  setup: boolean;
  user: User | null;
  oidc: { id: string; name: string }[];
  ldap: boolean;
  version: string;
}

class Who {
  state = $state<'loading' | 'ready' | 'offline'>('loading');
  door = $state.raw<Door | undefined>(undefined);
  /** A session that was good is not any more; the screen behind stays as it was. */
  ended = $state(false);
  #waiting: ((signedIn: boolean) => void)[] = [];

  get user(): User | null {
    return this.door?.user ?? null;
  }
  /** People have accounts here, rather than one person owning the machine. */
  get accounts(): boolean {
    return this.door?.mode === 'accounts';
  }
  get admin(): boolean {
    return this.accounts && this.user?.role === 'admin';
  }
  get reader(): boolean {
    return this.user?.role === 'reader';
  }

  /** Asks the server again. False when it did not answer. */
  async refresh(): Promise<boolean> {
    try {
      this.door = await api.get<Door>('/api/session', undefined, { quiet: true });
      this.state = 'ready';
      return true;
    } catch (e) {
      if (e instanceof ApiError && e.kind === 'auth' && apiKey.get() !== '') {
        apiKey.clear(); // a wrong key hides even the door
        return this.refresh();
      }
      this.state = 'offline';
      return false;
    }
  }

  /** Somebody has signed in, or has become somebody by set-up or invitation. */
  signedIn(user: User): void {
    const before = this.user;
    if (this.door) this.door = { ...this.door, user, setup: false };
    this.ended = false;
    if (before && before.id !== user.id) {
      location.replace('/'); // what is on the screen is another person's
      return;
    }
    this.#answer(true);
  }

  /** Signed out on purpose. Nothing of the person may stay on the screen. */
  async signOut(): Promise<void> {
    await api.del('/api/session', { quiet: true });
    location.replace('/login');
  }

  /** A request was refused: ask for the session, or for the key of a personal server. */
  locked(): Promise<boolean> {
    if (!this.accounts) return auth.ask();
    if (this.user) this.ended = true;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #answer(signedIn: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(signedIn);
  }
}

export const who = new Who();
onLocked(() => who.locked());
