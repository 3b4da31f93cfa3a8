// Five Korean questions to a real server with a real model, through the page.
//
//   node e2e/real.mjs --base http://127.0.0.1:8080 [--shots DIR] [--seconds 240] [--tokens 200] [--model NAME]
//
// What a small model says is its own; this asserts that it says something, in
// whole Korean letters, and that the page keeps it.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launch } from './browser.mjs';
import { ask, finished, lastAnswer, ready, status } from './cases/steps.mjs';

const { values: args } = parseArgs({
  options: {
    base: { type: 'string', default: 'http://127.0.0.1:8080' },
    shots: { type: 'string' },
    seconds: { type: 'string', default: '240' }, // for one answer; a busy machine without AVX is slow
    tokens: { type: 'string', default: '200' },
    model: { type: 'string', default: '' },
  },
});

/** Each in a chat of its own, but for those that go on in the last one. */
const questions = [
  { text: '안녕하세요! 자기소개를 한 문장으로 해 주세요.' },
  { text: '대한민국의 수도는 어디인가요?' },
  { text: '파이썬으로 두 수를 더하는 함수를 쓰고 한국어로 설명해 주세요.' },
  { text: '사과 3개와 배 4개를 사면 과일은 모두 몇 개인가요?' },
  { text: '거기에 귤 5개를 더 사면요?', goesOn: true },
];

const mojibake = /\ufffd|[\u00c3\u00e2-\u00ef][\u0080-\u00bf]|\\u[0-9a-f]{4}|<\|[a-z_]+\|>/i;

function check(text, question) {
  assert.ok(text.trim().length > 0, `“${question}” got no answer`);
  assert.doesNotMatch(text, mojibake, `“${question}” got broken letters: ${text.slice(0, 300)}`);
  const hangul = text.match(/[가-힣]/g)?.length ?? 0;
  assert.ok(hangul >= 2, `“${question}” was not answered in Korean: ${text.slice(0, 300)}`);
}

const base = args.base.replace(/\/$/, '');
const waitMS = Number(args.seconds) * 1000;
if (args.shots) mkdirSync(args.shots, { recursive: true });

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'ko-KR', colorScheme: 'light' });
context.setDefaultTimeout(30_000);
const page = await context.newPage();
const problems = [];
page.on('pageerror', (e) => problems.push(`uncaught: ${e.message}`));
page.on('console', (m) => m.type() === 'error' && problems.push(`console: ${m.text()}`));
page.on('request', (r) => r.url().startsWith(base) || /^(data|blob|about):/.test(r.url()) || problems.push(`request to ${r.url()}`));
await page.addInitScript((s) => {
  if (localStorage.getItem('malmoi.settings') === null) localStorage.setItem('malmoi.settings', JSON.stringify(s));
}, { noticeSeen: true, temperature: 0, maxTokens: Number(args.tokens), model: args.model });

let passed = 0;
let failed = 0;
await page.goto(base);
await ready(page);
for (const [i, q] of questions.entries()) {
  const started = performance.now();
  try {
    if (i > 0 && !q.goesOn) await page.keyboard.press('Control+Shift+O');
    if (!q.goesOn) await page.locator('article').first().waitFor({ state: 'detached' });
    await ask(page, q.text);
    await finished(page, waitMS);
    const how = await status(page);
    assert.ok(how === 'done' || how === 'length', `“${q.text}” ended as ${how}: ${await lastAnswer(page).innerText()}`);
    const text = await lastAnswer(page).locator('.markdown').innerText();
    check(text, q.text);
    const facts = await lastAnswer(page).locator('.facts').innerText();
    assert.match(facts, /AI가 생성한 답변/);
    passed++;
    console.log(`ok   ${q.text} (${((performance.now() - started) / 1000).toFixed(1)} s)\n     ${text.replace(/\s+/g, ' ').slice(0, 200)}\n     ${facts.replace(/\s+/g, ' ')}`);
  } catch (e) {
    failed++;
    console.log(`FAIL ${q.text}\n${String(e.stack ?? e).slice(0, 1500)}`);
  }
  if (args.shots) {
    await page.evaluate(() => document.fonts.ready);
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(args.shots, `real-${i + 1}.png`) });
  }
}

try {
  const before = await lastAnswer(page).locator('.markdown').innerText();
  await page.reload();
  await finished(page);
  assert.equal(await lastAnswer(page).locator('.markdown').innerText(), before, 'the chat after a reload');
  assert.deepEqual(problems, []);
  passed++;
  console.log('ok   the chat is there after a reload, and nothing went wrong on the way');
} catch (e) {
  failed++;
  console.log(`FAIL after the questions\n${String(e.stack ?? e).slice(0, 1500)}`);
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
