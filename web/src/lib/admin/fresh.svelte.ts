// Keeps what a screen shows fresh while somebody can see it.

import type { Load } from '../people/load.svelte';
import { loaded } from '../people/load.svelte';

export const freshS = 5;

/** A Load that asks again every few seconds, and not in a hidden tab. */
export function fresh<T>(fetch: () => Promise<T>): Load<T> {
  const load = loaded(fetch);
  $effect(() => {
    const again = (): void => {
      if (document.visibilityState === 'visible' && !load.busy) void load.run();
    };
    const timer = setInterval(again, freshS * 1000);
    document.addEventListener('visibilitychange', again);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', again);
    };
  });
  return load;
}
