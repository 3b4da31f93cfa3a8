// Keeps the page's shell, so that it opens without a network and says so.
// Nothing of a conversation is ever kept here: what lies under /api and /v1
// goes past this file.
'use strict';

const build = '__BUILD__'; // filled in by scripts/finish.mjs
const shell = ['__SHELL__'];
const name = `malmoi-shell-${build}`;

self.addEventListener('install', (e) => {
  e.waitUntil(caches.open(name).then((c) => c.addAll(shell)).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (e) => {
  e.waitUntil(
    caches
      .keys()
      .then((all) => Promise.all(all.filter((k) => k.startsWith('malmoi-shell-') && k !== name).map((k) => caches.delete(k))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url);
  if (e.request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith('/api/') || url.pathname.startsWith('/v1/')) return;
  if (url.pathname.startsWith('/assets/python/')) return; // large, of no use without a server, and kept by the browser itself
  if (e.request.mode === 'navigate') {
    // The newest page where there is a network, the kept one where there is none.
    e.respondWith(fetch(e.request).catch(() => caches.match('/').then((r) => r || Response.error())));
  } else if (url.pathname.startsWith('/assets/') || shell.includes(url.pathname)) {
    e.respondWith(kept(e.request, url.pathname.startsWith('/assets/')));
  }
});

/** Names under /assets change with their content, so what is kept is right for ever. */
async function kept(request, forever) {
  const have = await caches.match(request);
  if (have && forever) return have;
  try {
    const got = await fetch(request);
    if (got.ok) (await caches.open(name)).put(request, got.clone());
    return got;
  } catch (e) {
    if (have) return have;
    throw e;
  }
}
