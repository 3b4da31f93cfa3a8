// Hears what happens to one's chats, in whatever tab or device, and keeps the
// screen fresh. A hidden page hangs up after a while, because browsers allow
// few connections to one server, and looks at everything again when it is shown.

import { follow } from '../api/stream';
import type { Chat, Message } from '../api/types';
import { list } from './list.svelte';
import { server } from './server.svelte';
import { session } from './session.svelte';

const hiddenMS = 60_000;

/** Listens until the returned function is called. */
export function listen(): () => void {
  let talk: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const start = (): void => {
    clearTimeout(timer);
    if (talk) return;
    talk = new AbortController();
    void hear(talk.signal);
  };
  const hangUp = (): void => {
    talk?.abort();
    talk = undefined;
  };
  const onVisible = (): void => {
    if (document.visibilityState === 'visible') start();
    else timer = setTimeout(hangUp, hiddenMS);
  };
  document.addEventListener('visibilitychange', onVisible);
  start();
  return () => {
    document.removeEventListener('visibilitychange', onVisible);
    clearTimeout(timer);
    hangUp();
  };
}

async function hear(signal: AbortSignal): Promise<void> {
  let first = true;
  for (;;) {
    try {
      await follow('/api/events', {
        connected: (yes) => {
          if (!yes) return void server.refresh();
          // Whatever happened while nobody listened is looked up.
          void list.load().catch(() => {});
          if (!first) void session.refresh();
          first = false;
        },
        take: (e) => take(e.event, e.data),
      }, signal);
    } catch {
      // refused; signing in again or the next try will tell
      await new Promise((r) => setTimeout(r, 5000));
    }
    if (signal.aborted) return;
  }
}

function take(event: string, data: string): void {
  const said = JSON.parse(data) as { chat?: Chat; message?: Message; id?: string };
  if (event === 'chat' && said.chat) session.heardChat(said.chat);
  else if (event === 'message' && said.message) session.heardMessage(said.message);
  else if (event === 'chat_deleted' && said.id) session.heardDeleted(said.id);
  else if (event === 'folder') void list.loadFolders().catch(() => {});
  else if (event === 'reload') {
    void list.load().catch(() => {});
    void session.refresh();
  }
}
