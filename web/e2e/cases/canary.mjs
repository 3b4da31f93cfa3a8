// An address that must never be told anything.

import { createServer } from 'node:net';

/**
 * Counts the bytes that it is told, whatever they are. Chromium opens a
 * connection for a navigation before it asks the policy, and then sends nothing,
 * so connections do not count.
 */
export async function canary() {
  const server = createServer((socket) => {
    socket.on('data', (bytes) => (server.heard += bytes.length));
    socket.on('error', () => {});
    setTimeout(() => socket.destroy(), 2000);
  });
  server.heard = 0;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.where = `127.0.0.1:${server.address().port}`;
  return server;
}
