// Which panel lies over the page, if any. Panels are loaded when first opened.

import type { Chat, Folder } from '../api/types';

export type Panel =
  | { name: 'settings' }
  | { name: 'search' }
  | { name: 'keys' }
  | { name: 'data' } // export, import, delete all
  | { name: 'archive' }
  | { name: 'share'; chat: Chat }
  | { name: 'folder'; folder: Folder | undefined; chat?: string }; // undefined: a new one, for a chat perhaps

class UI {
  panel = $state.raw<Panel | undefined>(undefined);
  /** A message that a search has found and that is to be shown. */
  target = $state.raw<{ chat: string; message: string } | undefined>(undefined);

  open(panel: Panel): void {
    this.panel = panel;
  }
  close(): void {
    this.panel = undefined;
  }
}

export const ui = new UI();
