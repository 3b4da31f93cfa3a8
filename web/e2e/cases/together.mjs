// One person in two tabs, and a network that breaks.

import assert from 'node:assert/strict';
import { answers, ask, askAndWait, eventually, finished, lastAnswer, status } from './steps.mjs';

const text = (page) => lastAnswer(page).locator('.markdown').innerText().catch(() => '');

export default [
  {
    name: 'together: a connection that is cut comes back where it was, with Last-Event-ID',
    needsFake: true,
    async run({ visit, fake }) {
      const { page } = await visit({ expectErrors: true });
      const resumed = [];
      page.on('request', (r) => r.url().endsWith('/stream') && resumed.push(r.headers()['last-event-id'] ?? ''));
      await ask(page, '/long 끊기는 이야기');
      await eventually(async () => (await text(page)).length > 120, 'some text');
      await fake.cut();
      await eventually(() => resumed.length >= 2, 'a second connection');
      const between = (await text(page)).length;
      await eventually(async () => (await text(page)).length > between + 60, 'text after the first cut');
      await fake.cut();
      await eventually(() => resumed.length >= 3, 'a third connection', 20_000);
      const before = (await text(page)).length;
      await eventually(async () => (await text(page)).length > before + 120, 'more text', 20_000);
      await page.getByRole('button', { name: '멈추기' }).click();
      await finished(page);
      assert.equal(resumed[0], '');
      assert.ok(Number(resumed[1]) > 3 && Number(resumed[2]) > Number(resumed[1]), resumed.join());
      const shown = await text(page);
      assert.match(shown.replace(/천천히 한 마디씩 이어지는 긴 답변입니다\. ?/g, ''), /^[^\n]{0,30}$/, 'nothing twice, nothing missing');
      await page.reload();
      await finished(page);
      assert.equal(await text(page), shown, 'the server has the same');
    },
  },
  {
    name: 'together: two tabs and a second device see the same while it is written, and either can stop it',
    needsFake: true,
    async run({ visit }) {
      const { page, context } = await visit();
      await askAndWait(page, '먼저');
      const second = await context.newPage();
      await second.goto(page.url());
      await finished(second);
      const device = (await visit()).page;
      await device.getByRole('link', { name: '먼저' }).waitFor();
      await ask(page, '/long 함께 보기');
      await eventually(async () => (await status(second)) === 'live', 'the other tab follows');
      await eventually(async () => (await text(second)).length > 100, 'its text grows');
      await device.getByRole('link', { name: '먼저' }).click();
      await eventually(async () => (await status(device)) === 'live', 'the device joins in the middle');
      await eventually(async () => (await text(device)).length > 150, 'its text grows too');
      await second.getByRole('button', { name: '멈추기' }).click();
      for (const p of [page, second, device]) {
        await finished(p);
        assert.equal(await status(p), 'stopped');
      }
      const all = await Promise.all([page, second, device].map(text));
      assert.equal(new Set(all).size, 1, 'identical text');
      // What is renamed, asked or deleted here is so there.
      await askAndWait(second, '둘째 탭에서');
      await eventually(async () => (await page.locator('.bubble').allInnerTexts()).includes('둘째 탭에서'), 'the question in the first tab');
      await finished(page);
      assert.equal(await text(page), await text(second));
      await second.getByRole('link', { name: '먼저' }).hover();
      await second.getByRole('button', { name: '“먼저” 메뉴' }).click();
      await second.getByRole('menuitem', { name: '삭제' }).click();
      await page.getByRole('heading', { name: '무엇을 도와드릴까요?' }).waitFor();
      assert.equal(new URL(page.url()).pathname, '/');
      await eventually(async () => (await device.locator('nav li a').count()) === 0, 'gone from the device');
    },
  },
  {
    name: 'together: votes, deleting a message with undo, another model, and a branch that stays chosen',
    needsFake: true,
    async run({ visit, fake }) {
      const { page } = await visit();
      await askAndWait(page, '하나');
      await askAndWait(page, '둘');
      await lastAnswer(page).getByRole('button', { name: '좋은 답변' }).click();
      await lastAnswer(page).getByRole('button', { name: '답변 메뉴' }).click();
      await page.getByRole('menuitem', { name: '다른 모델로 다시 답하기' }).click();
      await page.getByRole('menuitemradio', { name: /HyperCLOVA/ }).click();
      await lastAnswer(page).getByRole('group', { name: '2개 중 2번째' }).waitFor();
      await finished(page);
      assert.equal((await fake.requests()).at(-1).model, 'hyperclovax-seed-1.5b');
      await lastAnswer(page).getByRole('button', { name: '이전 답' }).click();
      await lastAnswer(page).getByRole('group', { name: '2개 중 1번째' }).waitFor();
      await page.waitForTimeout(200);
      await page.reload();
      await finished(page);
      await lastAnswer(page).getByRole('group', { name: '2개 중 1번째' }).waitFor();
      assert.equal(await lastAnswer(page).getByRole('button', { name: '좋은 답변' }).getAttribute('aria-pressed'), 'true');
      const question = page.locator('article.question').last();
      await question.hover();
      await question.getByRole('button', { name: '질문 메뉴' }).click();
      await page.getByRole('menuitem', { name: '삭제' }).click();
      await eventually(async () => (await answers(page).count()) === 1, 'the turn is gone');
      await page.getByRole('button', { name: '되돌리기' }).click();
      await eventually(async () => (await answers(page).count()) === 2, 'and back');
      await lastAnswer(page).getByRole('group', { name: '2개 중 1번째' }).waitFor();
    },
  },
];
