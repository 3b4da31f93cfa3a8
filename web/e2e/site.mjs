// The real server on scripted models, as a process of its own; see the package
// comment of e2e/server. Each case gets a site with an empty database.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Builds the server unless a binary is given, and starts it. dist: the built page's folder. */
export async function startSite({ binary = '', dist = '', args = [] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'malmoi-site-'));
  let program = binary;
  if (program === '') {
    program = join(folder, 'server');
    const built = spawnSync('go', ['build', '-o', program, './web/e2e/server'], { cwd: root, stdio: 'inherit' });
    if (built.status !== 0) throw new Error('the test server does not build');
  }
  const child = spawn(program, ['--page', dist || join(root, 'internal/webui/dist'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const base = await new Promise((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the test server ended with ${code}`)));
  });
  const post = async (path, body = {}) => {
    const r = await fetch(base + path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    if (!r.ok) throw new Error(`${path}: ${r.status} ${await r.text()}`);
  };
  return {
    base,
    /** A new site; what is left out is as at the start: {accounts, key, delay_ms, models, upstream, pool}. */
    reset: (setting = {}) => post('/test/reset', setting),
    /** Other models on the same site. */
    models: (models) => post('/test/models', { models }),
    /** The other server dies in the middle of what it does, or is back; the site must have one. */
    upstream: (down) => post('/test/upstream', { down }),
    /** What the other server's model was asked, titles left out. */
    upstreamRequests: async () => (await (await fetch(`${base}/test/state`)).json()).upstream.filter((r) => !r.title),
    /** Closes every open connection, as a bad network does. */
    cut: () => post('/test/cut').catch(() => {}), // its own is among them
    /** What the models were asked, titles left out. */
    requests: async () => (await (await fetch(`${base}/test/state`)).json()).requests.filter((r) => !r.title),
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
