// The text filter in a conversation, and the page that tries the API.

import assert from 'node:assert/strict';
import { ask, askAndWait, eventually, finished, lastAnswer, status } from './steps.mjs';

const stopped = '이곳에서 쓰지 않기로 한 표현이 있어 답변을 멈췄습니다.';

async function strict(page) {
  const done = await page.evaluate(async () => {
    const r = await fetch('/api/admin/settings', {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ krw_per_hour: 0, default_quota: {}, signup: 'invite', filter: { profanity: 'strict', hate: 'off', sexual: 'off', judge: false } }),
    });
    return r.status;
  });
  assert.equal(done, 200);
}

export default [
  {
    name: 'filter: a question and an answer that are over the levels say so',
    needsFake: true,
    async run({ visit, shot }) {
      const { page } = await visit();
      await askAndWait(page, '/foul');
      assert.ok((await lastAnswer(page).innerText()).includes('씨발'), 'off in personal mode');
      await strict(page);
      await ask(page, '/foul');
      await finished(page);
      await lastAnswer(page).getByText(stopped).waitFor();
      assert.equal(await status(page), 'error');
      await ask(page, '씨발 뭐야');
      await finished(page);
      await lastAnswer(page).getByText(stopped).waitFor();
      await shot(page, 'filter');
    },
  },
  {
    name: 'filter: the page that tries the API calls it',
    needsFake: true,
    async run({ visit, shot }) {
      const { page } = await visit({ path: '/api/docs' });
      const route = page.locator('details', { hasText: '/api/session' }).filter({ hasText: 'GET' }).first();
      await route.locator('summary').click();
      await route.getByRole('button', { name: '부르기' }).click();
      await eventually(async () => /^200 .*"mode": "single"/s.test(await route.locator('pre').innerText()), 'an answer');
      await page.getByLabel('찾기').fill('folders');
      await eventually(async () => await route.isHidden(), 'the list is narrowed');
      assert.ok((await page.locator('details:visible').count()) >= 4);
      await shot(page, 'api-docs');
    },
  },
];
