// Short messages at the edge of the page, each with at most one action.

export interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => void };
  /** Until the user answers it. */
  stay: boolean;
  closed?: () => void;
}

const shownMS = 6000;
let next = 1;

export const toasts: Toast[] = $state([]);

export function dismiss(id: number): void {
  const at = toasts.findIndex((x) => x.id === id);
  if (at < 0) return;
  toasts[at]?.closed?.();
  toasts.splice(at, 1);
}

export function toast(text: string, action?: Toast['action'], more: { stay?: boolean; closed?: () => void } = {}): void {
  const id = next++;
  toasts.push({ id, text, action, stay: more.stay === true, closed: more.closed });
  const passing = toasts.filter((x) => !x.stay);
  if (passing.length > 3 && passing[0]) dismiss(passing[0].id);
  if (!more.stay) setTimeout(() => dismiss(id), shownMS);
}
