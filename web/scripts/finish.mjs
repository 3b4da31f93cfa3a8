// After Vite: gathers the licences of what the page ships, checks the weight of
// the first load, and compresses what the server will send compressed.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = process.argv[2] ?? join(web, '../internal/webui/dist');
const maxScriptGzip = 150 * 1024; // script of the first load
const maxTotal = 5 * 1024 * 1024; // what the binary grows by, fonts included
const maxPython = 6.5 * 1024 * 1024; // what the code interpreter adds to that, packed
const minCompress = 1024;
const noted = join(web, 'scripts/licences'); // of packages that come without their texts
const whole = new Set(['svelte', 'katex', 'pyodide']); // what they depend on is not shipped, or is inside them

function licences() {
  const root = join(web, 'node_modules');
  const shipped = new Set();
  const queue = [...Object.keys(JSON.parse(readFileSync(join(web, 'package.json'))).dependencies), 'svelte'];
  const parts = [];
  while (queue.length > 0) {
    const name = queue.pop();
    if (shipped.has(name) || name.startsWith('@types/')) continue;
    shipped.add(name);
    const folder = join(root, name);
    const about = JSON.parse(readFileSync(join(folder, 'package.json')));
    if (!whole.has(name)) queue.push(...Object.keys(about.dependencies ?? {}));
    const file = [folder, join(folder, 'dist')]
      .filter((d) => existsSync(d))
      .flatMap((d) => readdirSync(d, { withFileTypes: true }).map((f) => (f.isFile() ? join(d, f.name) : '')))
      .find((f) => /\/licen[cs]e(\.(md|txt))?$/i.test(f));
    const own = join(noted, `${name}.txt`);
    const text = existsSync(own) ? readFileSync(own, 'utf8').trim() : file ? readFileSync(file, 'utf8').trim() : `Licence: ${about.license}`;
    parts.push(`${about.name} ${about.version} (${about.license})\n\n${text}`);
  }
  parts.sort();
  writeFileSync(join(dist, 'licences.txt'), parts.join(`\n\n${'-'.repeat(72)}\n\n`) + '\n');
}

function files(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((f) => f.isFile())
    .map((f) => join(f.parentPath ?? f.path, f.name));
}

/** Bytes of script, gzipped, that index.html makes the browser load. */
function firstLoad() {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  if (/<script(?![^>]*\bsrc=)[^>]*>/.test(html)) throw new Error('index.html has an inline script, which its own policy forbids');
  const scripts = new Set([...html.matchAll(/(?:src|href)="(\/[^"]+\.js)"/g)].map((m) => m[1]));
  let total = 0;
  for (const path of scripts) total += gzipSync(readFileSync(join(dist, path)), { level: 9 }).length;
  return total;
}

/** Tells the service worker which files make the shell, under a name that changes with them. */
function serviceWorker() {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  const linked = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((m) => m[1]);
  const fonts = readdirSync(join(dist, 'assets')).filter((f) => /^Pretendard.*\.woff2$/.test(f)).map((f) => `/assets/${f}`);
  const shell = ['/', ...new Set([...linked, ...(fonts.length <= 4 ? fonts : [])])];
  const hash = createHash('sha256').update(html);
  for (const path of shell.slice(1)) hash.update(path).update(readFileSync(join(dist, path)));
  const file = join(dist, 'sw.js');
  const filled = readFileSync(file, 'utf8').replace('__BUILD__', hash.digest('hex').slice(0, 16)).replace("['__SHELL__']", JSON.stringify(shell));
  if (filled.includes('__')) throw new Error('sw.js has places that were not filled');
  writeFileSync(file, filled);
}

function compress(path) {
  const raw = readFileSync(path);
  if (raw.length < minCompress) return;
  const gzip = gzipSync(raw, { level: 9 });
  const brotli = brotliCompressSync(raw, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length },
  });
  if (gzip.length < raw.length * 0.9) writeFileSync(path + '.gz', gzip);
  if (brotli.length < raw.length * 0.9) writeFileSync(path + '.br', brotli);
}

/** Python lies in the binary only packed: the server unpacks it for the rare client that cannot. */
function packPython() {
  const folder = join(dist, 'assets/python');
  let total = 0;
  for (const path of files(folder)) {
    const packed = gzipSync(readFileSync(path), { level: 9 });
    writeFileSync(path + '.gz', packed);
    unlinkSync(path);
    total += packed.length;
  }
  if (total === 0) throw new Error('the page has no Python');
  return total;
}

const kilobytes = (n) => `${(n / 1024).toFixed(1)} KB`;

licences();
serviceWorker();
const script = firstLoad();
const python = packPython();
for (const path of files(dist)) if (/\.(js|css|html|svg|txt|webmanifest)$/.test(path)) compress(path);
const total = files(dist).reduce((sum, path) => sum + statSync(path).size, 0) - python;
const fonts = files(dist).filter((p) => p.endsWith('.woff2')).reduce((sum, path) => sum + statSync(path).size, 0);
console.log(`first load: ${kilobytes(script)} of script gzipped (limit ${kilobytes(maxScriptGzip)})`);
console.log(`python: ${kilobytes(python)} (limit ${kilobytes(maxPython)})`);
console.log(`dist: ${kilobytes(total)} besides, fonts ${kilobytes(fonts)} (limit ${kilobytes(maxTotal)})`);
if (script > maxScriptGzip) throw new Error('the first load has grown over its limit');
if (python > maxPython) throw new Error('Python has grown over its limit');
if (total > maxTotal) throw new Error('the page has grown over its limit');
