// Two models on one question.

import assert from 'node:assert/strict';
import { eventually, status } from './steps.mjs';

async function compare(page, question) {
  await page.getByRole('button', { name: /^모델 고르기/ }).click();
  await page.getByRole('button', { name: /두 모델 비교하기/ }).click();
  await page.getByRole('button', { name: /^비교할 모델 고르기/ }).waitFor();
  await page.fill('#message', question);
  await page.press('#message', 'Enter');
  await eventually(async () => (await page.locator('.column [data-status=done]').count()) === 2, 'two answers', 30_000);
}

export default [
  {
    name: 'compare: two columns, a vote, and the chat goes on from the chosen answer',
    needsFake: true,
    async run({ visit, fake, base, shot }) {
      const { page } = await visit();
      await compare(page, '어느 쪽?');
      const columns = page.locator('.column');
      const boxes = await Promise.all([columns.nth(0).boundingBox(), columns.nth(1).boundingBox()]);
      assert.ok(boxes[1].x > boxes[0].x + boxes[0].width - 1 && Math.abs(boxes[0].y - boxes[1].y) < 2, 'side by side');
      assert.deepEqual((await fake.requests()).map((r) => r.model).sort(), ['hyperclovax-seed-1.5b', 'qwen2.5-coder-1.5b']);
      await page.getByRole('button', { name: '오른쪽이 좋음' }).click();
      await page.getByText('고른 답', { exact: true }).waitFor();
      await shot(page, 'compare-1440');
      await page.getByRole('button', { name: /^모델 고르기/ }).click();
      await page.getByRole('button', { name: /비교 그만하기/ }).click();
      await page.fill('#message', '이어서');
      await page.press('#message', 'Enter');
      await eventually(async () => (await page.locator('.bubble').count()) === 2 && (await status(page)) === 'done', 'the next answer', 20_000);
      assert.equal(await page.locator('.column').count(), 0);
      const last = (await fake.requests()).at(-1);
      assert.deepEqual(last.messages.map((m) => m.role), ['user', 'assistant', 'user']);
      await page.locator('article.answer').first().getByRole('group', { name: '2개 중 2번째' }).waitFor();
      const votes = (await (await page.request.get(`${base}/api/preferences/export`)).text()).trim().split('\n').map((l) => JSON.parse(l));
      assert.equal(votes.length, 1);
      assert.deepEqual(votes[0].models, ['hyperclovax-seed-1.5b', 'qwen2.5-coder-1.5b']);
    },
  },
  {
    name: 'compare: a phone shows one answer after a tab',
    needsFake: true,
    async run({ visit, shot }) {
      const { page } = await visit({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
      await compare(page, '전화기에서');
      const shown = () => page.locator('.column:visible').count();
      assert.equal(await shown(), 1);
      await page.getByRole('tab', { name: /HyperCLOVA/ }).click();
      assert.equal(await page.locator('.column').nth(1).isVisible(), true);
      assert.equal(await shown(), 1);
      await shot(page, 'compare-390');
    },
  },
];
