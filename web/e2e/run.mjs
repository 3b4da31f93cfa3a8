// The end-to-end tests of the page in headless Chromium.
//
//   npm run e2e                              against the real server with scripted models, built and started here
//   npm run e2e -- --base http://127.0.0.1:8080    against a running server with real models
//   npm run e2e -- --shots DIR --only WORD --server BINARY --dist FOLDER
//
// Against a server with real models the cases that need scripted answers are
// skipped, and counted as skipped.

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launch } from './browser.mjs';
import { startSite } from './site.mjs';
import artifact from './cases/artifact.mjs';
import chat from './cases/chat.mjs';
import compare from './cases/compare.mjs';
import exchange from './cases/exchange.mjs';
import faults from './cases/faults.mjs';
import filter from './cases/filter.mjs';
import folders from './cases/folders.mjs';
import hostile from './cases/hostile.mjs';
import ime from './cases/ime.mjs';
import keep from './cases/keep.mjs';
import large from './cases/large.mjs';
import look from './cases/look.mjs';
import together from './cases/together.mjs';

const { values: args } = parseArgs({
  options: {
    base: { type: 'string' },
    shots: { type: 'string' },
    only: { type: 'string', default: '' },
    server: { type: 'string', default: '' },
    dist: { type: 'string', default: '' },
  },
});
const caseMS = 240_000;
const real = { temperature: 0, maxTokens: 48 }; // a small model may never stop by itself
if (args.shots) mkdirSync(args.shots, { recursive: true });

const fake = args.base ? undefined : await startSite({ binary: args.server, dist: args.dist });
const base = (args.base ?? fake.base).replace(/\/$/, '');
const browser = await launch();

/** One person's browser: own storage, and an ear for everything that goes wrong. */
async function visit({ path = '/', seen = true, settings = {}, expectErrors = false, ...options } = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: 'ko-KR',
    colorScheme: 'light',
    permissions: ['clipboard-read', 'clipboard-write'],
    serviceWorkers: 'block', // they would hide requests from the cases
    ...options,
  });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (e) => problems.push(`uncaught: ${e.message}`));
  page.on('console', (m) => {
    if (m.type() !== 'error' || (expectErrors && /Failed to load resource|net::ERR/.test(m.text()))) return;
    problems.push(`console: ${m.text()}`);
  });
  page.on('request', (r) => {
    if (!r.url().startsWith(base) && !/^(data|blob|about):/.test(r.url())) problems.push(`request to ${r.url()}`);
  });
  await page.addInitScript((s) => {
    if (self.origin === 'null') return; // a frame without storage
    if (localStorage.getItem('malmoi.settings') === null) localStorage.setItem('malmoi.settings', JSON.stringify(s));
  }, { noticeSeen: seen, ...(fake ? {} : real), ...settings });
  await page.goto(base + path);
  return { page, context, problems };
}

const tools = {
  base,
  fake,
  visit,
  shot: async (page, name) => {
    if (!args.shots) return;
    await page.evaluate(() => document.fonts.ready);
    await page.waitForTimeout(250);
    await page.screenshot({ path: join(args.shots, `${name}.png`) });
  },
};

function inTime(work) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`still running after ${caseMS} ms`)), caseMS)));
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

let passed = 0;
let failed = 0;
let skipped = 0;
const cases = [
  ...chat, ...ime, ...keep, ...together, ...compare, ...folders, ...exchange, ...faults, ...hostile, ...artifact, ...filter, ...large, ...look,
  ...(await others()),
];

/** Cases of accounts, administration and the library. */
async function others() {
  const all = await Promise.all(['people', 'admin', 'library', 'pages', 'skills', 'chosen', 'code', 'docs', 'upstream'].map((name) => {
    const file = new URL(`./cases/${name}.mjs`, import.meta.url);
    return existsSync(file) ? import(file.href) : { default: [] };
  }));
  return all.flatMap((m) => m.default);
}

for (const c of cases) {
  if (!c.name.includes(args.only)) continue;
  if (c.needsFake && !fake) {
    skipped++;
    console.log(`skip ${c.name}`);
    continue;
  }
  const started = performance.now();
  const visits = [];
  const mine = { ...tools, visit: async (o) => (visits.push(await visit(o)), visits.at(-1)) };
  try {
    await fake?.reset(c.site ?? {});
    const note = await inTime(c.run(mine));
    const problems = visits.flatMap((v) => v.problems);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    passed++;
    console.log(`ok   ${c.name} (${Math.round(performance.now() - started)} ms)${note ? `: ${note}` : ''}`);
  } catch (e) {
    failed++;
    console.log(`FAIL ${c.name}\n${String(e.stack ?? e).slice(0, 1500)}`);
    const page = visits.at(-1)?.page;
    if (page) await tools.shot(page, `FAIL-${c.name.replace(/\W+/g, '-')}`).catch(() => {});
  }
  for (const v of visits) await v.context.close();
}
await browser.close();
await fake?.stop();
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
