// Code that a model wrote, run by the page in a frame that reaches nothing.

import assert from 'node:assert/strict';
import { createServer as createHTTP, request } from 'node:http';
import { accessible } from './axe.mjs';
import { canary } from './canary.mjs';
import { ask, askAndWait, eventually, finished, lastAnswer, ready, status } from './steps.mjs';

const loadMS = 90_000; // Python starts slowly where the machine is busy

const call = (page) => lastAnswer(page).locator('details.fold').last();
const skills = (page) => page.evaluate(async () => (await (await fetch('/api/skills')).json()).skills.map((s) => s.name));

/** A page that has switched code on, by its settings, for a server that is new. */
async function withCode({ visit, ms, ...options }) {
  const { page, problems, context } = await visit(options);
  await ready(page);
  await page.keyboard.press('Control+,');
  await page.getByRole('group', { name: '도구' }).getByText('모두 사용').click();
  await page.getByRole('switch', { name: /파이썬 코드 실행/ }).check();
  await eventually(async () => (await skills(page)).includes('run_python'), 'the skill');
  await page.keyboard.press('Escape');
  if (ms) await page.evaluate((n) => localStorage.setItem('malmoi.python.ms', n), String(ms));
  return { page, problems, context };
}

/** Stands before our server and writes down what it is asked for, whoever asks. */
async function witness(base) {
  const server = createHTTP((req, res) => {
    server.asked.push(req.url);
    const on = request(base + req.url, { method: req.method, headers: req.headers }, (r) => {
      res.writeHead(r.statusCode, r.headers);
      r.pipe(res);
    });
    on.on('error', () => res.destroy());
    res.on('close', () => on.destroy());
    req.pipe(on);
  });
  server.asked = [];
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.base = `http://127.0.0.1:${server.address().port}`;
  return server;
}

/** Ways out, each with a word of its own. */
const escapes = (base, bird) => `
import js, asyncio
from pyodide.http import pyfetch, pyxhr
from pyodide.code import run_js
import urllib.request

async def socket():
    s = js.WebSocket.new("ws://${bird}/socket")
    for _ in range(40):
        await asyncio.sleep(0.05)
        if s.readyState == 3:
            raise OSError("closed")

def source():
    js.EventSource.new("${base}/api/events?from=python")
    return asyncio.sleep(1)

tries = {
    "session": lambda: js.fetch("${base}/api/session?from=python"),
    "cookies": lambda: js.fetch("${base}/api/session?from=python", credentials="include"),
    "bird": lambda: js.fetch("http://${bird}/fetch", mode="no-cors"),
    "asset": lambda: js.fetch("${base}/icon.svg?from=python"),
    "pyfetch": lambda: pyfetch("${base}/api/chats?from=python"),
    "pyxhr": lambda: pyxhr.get("${base}/api/chats?from=python"),
    "urllib": lambda: urllib.request.urlopen("http://${bird}/urllib", timeout=2),
    "socket": socket,
    "script": lambda: js.importScripts("http://${bird}/script.js"),
    "eval": lambda: run_js("fetch('http://${bird}/eval')"),
    "worker": lambda: js.Worker.new("${base}/boot.js?from=python").postMessage(1),
    "document": lambda: js.document.cookie,
    "storage": lambda: js.localStorage.length,
    "parent": lambda: js.parent.location.href,
    "database": lambda: js.indexedDB.open("x").error.name,
    "rtc": lambda: js.RTCPeerConnection.new(),
}
for name, attempt in tries.items():
    try:
        value = attempt()
        if hasattr(value, "__await__"):
            value = await value
        print(name, "OPEN", value)
    except BaseException as e:
        print(name, "shut")
js.EventSource and await source()
`.trim();

/** Takes out of the problems what the browser says of each thing it refused. */
function expected(problems) {
  const wanted = /^request to (http|ws):\/\/127|Content.Security.Policy|Failed to load|net::ERR|Refused|violates/i;
  problems.splice(0, problems.length, ...problems.filter((p) => !wanted.test(p)));
}

export default [
  {
    name: 'code: off until its user switches it on',
    needsFake: true,
    async run({ visit, fake }) {
      const { page } = await visit();
      const python = [];
      page.on('request', (r) => /\/python/.test(r.url()) && python.push(r.url()));
      await ready(page);
      assert.equal((await skills(page)).includes('run_python'), false);
      await page.keyboard.press('Control+,');
      await page.getByRole('group', { name: '도구' }).getByText('모두 사용').click();
      assert.equal(await page.getByRole('switch', { name: /파이썬 코드 실행/ }).isChecked(), false);
      await page.keyboard.press('Escape');
      await askAndWait(page, '/python print("지금")'); // these models call what they were never offered
      assert.notEqual(await call(page).getAttribute('data-state'), 'done');
      assert.doesNotMatch(JSON.stringify((await fake.requests()).at(-1).messages), /지금\\n"/);
      assert.deepEqual(python, [], 'Python was loaded');
    },
  },
  {
    name: 'code: runs in the page, and the model reads what came out',
    needsFake: true,
    async run({ visit, fake, shot }) {
      const { page } = await withCode({ visit });
      const python = [];
      page.on('request', (r) => /\/python/.test(r.url()) && python.push(new URL(r.url()).pathname));
      await askAndWait(page, '/python import statistics\nprint("합계", sum(range(101)))\nstatistics.mean([1, 2, 6])', loadMS);
      assert.equal(await status(page), 'done');
      assert.equal(await call(page).getAttribute('data-state'), 'done');
      assert.match((await fake.requests()).at(-1).messages.at(-1).content, /합계 5050\n3$/);
      assert.match(await lastAnswer(page).locator('.markdown').last().innerText(), /합계 5050\s+3/);
      await call(page).locator('summary').click();
      await call(page).getByText('합계 5050').waitFor();
      await call(page).locator('.code code .hljs-keyword', { hasText: 'import' }).waitFor();
      await accessible(page, 'code that ran', { frames: false });
      await shot(page, 'code-done');
      assert.equal(await page.locator('iframe[title="Python"]').getAttribute('sandbox'), 'allow-scripts');
      assert.equal(python.length, 5, `${python}`);
      const began = performance.now();
      await askAndWait(page, '/python try:\n    x\nexcept NameError:\n    print("새 파이썬")\n1 / 0', loadMS);
      const again = Math.round(performance.now() - began);
      assert.equal(await call(page).getAttribute('data-state'), 'failed');
      assert.match((await fake.requests()).at(-1).messages.at(-1).content, /새 파이썬\nTraceback[^]*line 5[^]*ZeroDivisionError/);
      assert.equal(python.length, 5, 'it was loaded again');
      await page.reload();
      await lastAnswer(page).locator('details.fold', { hasText: '파이썬 실행' }).waitFor();
      assert.equal(await page.locator('iframe').count(), 0, 'nothing runs twice');
      return `the second code took ${again} ms`;
    },
  },
  {
    name: 'code: what never ends is ended, and what takes all memory gets none',
    needsFake: true,
    async run({ visit, fake }) {
      const { page } = await withCode({ visit, ms: 1500 });
      await askAndWait(page, '/python print("시작")\nwhile True: pass', loadMS);
      assert.equal(await call(page).getAttribute('data-state'), 'failed');
      assert.match((await fake.requests()).at(-1).messages.at(-1).content, /시작\nerror: stopped after 1\.5 seconds/);
      await page.evaluate(() => localStorage.removeItem('malmoi.python.ms'));
      await askAndWait(page, '/python kept = bytearray(10**9)', loadMS);
      assert.match((await fake.requests()).at(-1).messages.at(-1).content, /MemoryError$/);
      await askAndWait(page, '/python for _ in range(3000): print("가나다라마바사" * 20)', loadMS);
      const told = (await fake.requests()).at(-1).messages.at(-1).content;
      assert.match(told, /\[output cut here\]$/);
      assert.ok(Buffer.byteLength(told) <= 32 * 1024 + 100 && Buffer.byteLength(told) > 24 * 1024, `${Buffer.byteLength(told)} bytes`);
    },
  },
  {
    name: 'code: its user stops the code, or the answer',
    needsFake: true,
    async run({ visit, fake, shot }) {
      const { page } = await withCode({ visit });
      await ask(page, '/python print("하나")\nwhile True: pass');
      await call(page).getByRole('status').getByText('브라우저에서 실행 중…').waitFor({ timeout: loadMS });
      await call(page).getByRole('region', { name: '출력' }).getByText('하나').waitFor();
      await accessible(page, 'code that runs', { frames: false });
      await shot(page, 'code-runs');
      await call(page).getByRole('button', { name: '코드 멈추기' }).click();
      await finished(page);
      assert.match((await fake.requests()).at(-1).messages.at(-1).content, /하나\nerror: the user stopped the code$/);
      const asked = (await fake.requests()).length;
      await ask(page, '/python while True: pass');
      await call(page).getByRole('status').getByText('브라우저에서 실행 중…').waitFor({ timeout: loadMS });
      await page.getByRole('button', { name: '멈추기', exact: true }).click();
      await finished(page);
      assert.equal(await status(page), 'stopped');
      assert.equal((await fake.requests()).length, asked + 1, 'the model was told');
      await eventually(() => page.workers().length === 0, 'the end of the worker');
    },
  },
  {
    name: 'code: reaches no network, no page and no storage',
    needsFake: true,
    async run({ visit, fake, base }) {
      const bird = await canary();
      const front = await witness(base);
      try {
        const { page, problems, context } = await withCode({ visit });
        await page.goto(front.base);
        await askAndWait(page, `/python ${escapes(front.base, bird.where)}`, loadMS);
        const told = (await fake.requests()).at(-1).messages.at(-1).content;
        assert.match(told, /^session shut$/m, told);
        assert.doesNotMatch(told, /OPEN/);
        assert.equal(told.match(/ shut$/gm)?.length, 16, told);
        await page.waitForTimeout(1500);
        assert.ok(front.asked.includes('/python') && front.asked.some((path) => path.endsWith('/result')), 'the witness saw nothing');
        assert.deepEqual(front.asked.filter((path) => path.includes('from=python')), [], 'our own server was asked');
        assert.equal(bird.heard, 0, 'something left');
        await context.request.get(`http://${bird.where}/`).catch(() => {});
        assert.ok(bird.heard > 0, 'the canary is deaf');
        expected(problems);
      } finally {
        bird.close();
        front.closeAllConnections();
        front.close();
      }
    },
  },
  {
    name: 'code: a second page and a page that comes back run it too, one result counts',
    needsFake: true,
    async run({ visit, fake }) {
      const { page } = await withCode({ visit, expectErrors: true });
      await ask(page, '/python import time\ntime.sleep(6)\nprint("늦게")');
      await page.waitForURL(/\/c\//);
      const { page: other } = await visit({ path: new URL(page.url()).pathname, expectErrors: true });
      await call(other).getByRole('status').getByText('브라우저에서 실행 중…').waitFor({ timeout: loadMS });
      await page.reload();
      await finished(page, loadMS);
      await finished(other, loadMS);
      for (const p of [page, other]) assert.match(await lastAnswer(p).locator('.markdown').last().innerText(), /늦게/);
      assert.equal((await fake.requests()).filter((r) => /늦게\n?$/.test(r.messages.at(-1).content)).length, 1);
      await eventually(() => other.workers().length === 0 && page.workers().length === 0, 'the end of the workers');
    },
  },
  {
    name: 'code: on a narrow screen, in the dark',
    needsFake: true,
    async run({ visit, shot }) {
      const { page } = await withCode({ visit, viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
      await page.keyboard.press('Control+,');
      await page.getByRole('switch', { name: /파이썬 코드 실행/ }).scrollIntoViewIfNeeded();
      await accessible(page, 'the settings', { frames: false });
      await shot(page, 'code-settings-dark');
      await page.setViewportSize({ width: 390, height: 844 });
      await page.getByRole('switch', { name: /파이썬 코드 실행/ }).scrollIntoViewIfNeeded();
      await shot(page, 'code-settings-390-dark');
      await page.keyboard.press('Escape');
      await ask(page, `/python for year in range(2020, 2026):\n    print(f"{year}년의 매출은 {year * 12345:,}원으로 지난해보다 {year % 7}% 늘었습니다. 한 줄이 길어도 화면을 넘지 않습니다.")\nimport time\ntime.sleep(2)`);
      await call(page).getByRole('region', { name: '출력' }).getByText('2025년의').waitFor({ timeout: loadMS });
      await accessible(page, 'code that runs, narrow', { frames: false });
      await shot(page, 'code-runs-390-dark');
      await finished(page);
      await call(page).locator('summary').click();
      await shot(page, 'code-done-390-dark');
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it scrolls sideways');
    },
  },
];
