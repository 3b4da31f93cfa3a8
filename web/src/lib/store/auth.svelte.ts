// Asks for the API key, once for however many requests were refused together.

import { apiKey } from '../api/http';

class Auth {
  open = $state(false);
  wrong = $state(false);
  #waiting: ((given: boolean) => void)[] = [];

  /** Resolves to true when the user has given a key to try. */
  ask(): Promise<boolean> {
    this.wrong = apiKey.get() !== '';
    this.open = true;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  answer(key: string): void {
    if (key !== '') apiKey.set(key);
    this.open = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(key !== '');
  }
}

export const auth = new Auth();
