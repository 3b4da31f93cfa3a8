// What goes wrong, and what the page then says.

import assert from 'node:assert/strict';
import { answers, ask, askAndWait, eventually, finished, lastAnswer, ready, status } from './steps.mjs';

export default [
  {
    name: 'fault: bytes split inside every syllable arrive whole',
    needsFake: true,
    async run({ visit }) {
      const { page } = await visit();
      await askAndWait(page, '/split');
      assert.match(await lastAnswer(page).innerText(), /한글 음절이 바이트 사이에서 잘려도 깨지지 않습니다\. 🇰🇷 뷁쀍/);
      assert.ok(!(await lastAnswer(page).innerText()).includes('\ufffd'));
    },
  },
  ...[
    ['/busy', /요청이 많아.*7초 뒤/s],
    ['/toolong', /한 번에 읽을 수 있는 길이/],
    ['/fail', /서버에서 문제가/],
    ['/cut', /서버에서 문제가/],
  ].map(([command, words]) => ({
    name: `fault: ${command} is told in Korean, kept, and can be tried again`,
    needsFake: true,
    async run({ visit, fake, shot }) {
      const { page } = await visit({ expectErrors: true });
      await ask(page, command);
      await finished(page);
      assert.equal(await status(page), 'error');
      assert.match(await lastAnswer(page).getByRole('alert').innerText(), words);
      if (command === '/cut') assert.match(await lastAnswer(page).locator('.markdown').innerText(), /여기까지만 오고/);
      await shot(page, `error-${command.slice(1)}`);
      await page.reload();
      await lastAnswer(page).getByRole('button', { name: '다시 시도' }).click();
      await eventually(async () => (await fake.requests()).length === 2, 'a second request');
      await finished(page);
      assert.equal(await page.locator('article.question').count(), 1);
    },
  })),
  {
    name: 'fault: a stalled answer says that it waits, and can be stopped',
    needsFake: true,
    async run({ visit, shot }) {
      const { page } = await visit();
      await ask(page, '/stall');
      await page.getByText(/초째 다음 말을 기다리는 중/).waitFor({ timeout: 15_000 });
      await shot(page, 'stalled');
      await page.getByRole('button', { name: '멈추기' }).click();
      await finished(page);
      assert.equal(await status(page), 'stopped');
    },
  },
  {
    name: 'fault: a protected server is asked with a key that the tab remembers',
    needsFake: true,
    site: { key: 'sk-malmoi' },
    async run({ visit, shot }) {
      const { page } = await visit({ expectErrors: true });
      const dialog = page.getByRole('dialog', { name: 'API 키가 필요합니다' });
      await dialog.waitFor();
      await shot(page, 'key');
      await dialog.getByLabel('API 키').fill('wrong');
      await dialog.getByRole('button', { name: '확인' }).click();
      await page.getByText('서버가 이 키를 받아들이지 않았습니다.').waitFor();
      await dialog.getByLabel('API 키').fill('sk-malmoi');
      await page.keyboard.press('Enter');
      await ready(page);
      await askAndWait(page, '열쇠');
      assert.equal(await status(page), 'done');
      await page.reload();
      await ready(page);
      assert.equal(await dialog.count(), 0);
      assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes('sk-malmoi')), false);
    },
  },
  {
    name: 'fault: a question asked while the server is away waits, outlives a reload and is sent when it is back',
    needsFake: true,
    async run({ visit, fake, shot }) {
      const { page, context } = await visit({ expectErrors: true });
      await askAndWait(page, '켜져 있을 때');
      let away = true;
      await context.route('**/{v1,api}/**', (route) => (away ? route.abort('connectionrefused') : route.continue()));
      await fake.cut();
      await page.locator('.offline').waitFor({ timeout: 20_000 });
      await page.fill('#message', '꺼졌을 때');
      await page.press('#message', 'Enter');
      await page.getByText('아직 보내지 못했습니다.').waitFor();
      assert.equal(await page.inputValue('#message'), '', 'it is not there twice');
      await shot(page, 'offline');
      away = false;
      await page.locator('.offline').waitFor({ state: 'detached', timeout: 15_000 });
      await eventually(async () => (await answers(page).count()) === 2 && (await status(page)) === 'done', 'an answer', 20_000);
      assert.equal(await page.locator('article.question').count(), 2);
      assert.deepEqual((await fake.requests()).map((r) => r.messages.at(-1).content), ['켜져 있을 때', '꺼졌을 때']);
      // And once more, closing the page in between.
      away = true;
      await fake.cut();
      await page.fill('#message', '다시 꺼졌을 때');
      await page.press('#message', 'Enter');
      await page.getByText('아직 보내지 못했습니다.').waitFor({ timeout: 20_000 });
      away = false;
      await page.reload();
      await page.getByRole('button', { name: '다시 시도' }).click({ timeout: 20_000 }).catch(() => {}); // or it was quicker
      await eventually(async () => (await answers(page).count()) === 3 && (await status(page)) === 'done', 'an answer', 20_000);
    },
  },
  {
    name: 'fault: a server without models says how to get one',
    needsFake: true,
    async run({ visit, fake, shot }) {
      await fake.models([]);
      const { page } = await visit();
      await page.getByRole('heading', { name: '쓸 수 있는 모델이 없습니다' }).waitFor();
      await page.getByText('malmoi pull').waitFor();
      await shot(page, 'no-model');
    },
  },
];
