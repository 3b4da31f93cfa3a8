// Short messages at the edge of the page, each with at most one action.

export interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => void };
}

const shownMS = 6000;
let next = 1;

export const toasts: Toast[] = $state([]);

export function dismiss(id: number): void {
  const at = toasts.findIndex((x) => x.id === id);
  if (at >= 0) toasts.splice(at, 1);
}

export function toast(text: string, action?: Toast['action']): void {
  const id = next++;
  toasts.push({ id, text, action });
  if (toasts.length > 3) toasts.shift();
  setTimeout(() => dismiss(id), shownMS);
}
