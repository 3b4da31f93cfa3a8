// What the browser keeps.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { answers, ask, askAndWait, eventually, finished, lastAnswer, status } from './steps.mjs';

export default [
  {
    name: 'keep: a reload keeps the chat, its list and a draft',
    async run({ visit }) {
      const { page } = await visit();
      await askAndWait(page, '기억해 줘: 사과', 110_000);
      const before = await lastAnswer(page).locator('.markdown').innerText();
      await page.fill('#message', '아직 보내지 않은 말');
      await page.waitForTimeout(150);
      await page.reload();
      await finished(page);
      assert.equal(await lastAnswer(page).locator('.markdown').innerText(), before);
      assert.equal(await page.locator('.bubble').innerText(), '기억해 줘: 사과');
      assert.equal(await page.inputValue('#message'), '아직 보내지 않은 말');
      await page.getByRole('link', { name: '기억해 줘: 사과' }).waitFor();
    },
  },
  {
    name: 'keep: a reload during an answer loses nothing, and it goes on',
    needsFake: true,
    async run({ visit }) {
      const { page } = await visit();
      await ask(page, '/long 중간');
      await eventually(async () => (await lastAnswer(page).innerText()).length > 400, 'text');
      const before = await lastAnswer(page).locator('.markdown').innerText();
      await page.reload();
      await eventually(async () => (await lastAnswer(page).locator('.markdown').innerText().catch(() => '')).length > before.length + 100, 'more text');
      assert.ok((await lastAnswer(page).locator('.markdown').innerText()).startsWith(before));
      assert.equal(await status(page), 'live');
      await page.keyboard.press('Escape');
      await finished(page);
      assert.equal(await status(page), 'stopped');
    },
  },
  {
    name: 'keep: an answer goes on while another chat is read',
    needsFake: true,
    async run({ visit }) {
      const { page } = await visit();
      await askAndWait(page, '다른 대화');
      await page.keyboard.press('Control+Shift+O');
      await ask(page, '/long 뒤에서');
      await page.getByRole('link', { name: '다른 대화' }).click();
      await eventually(async () => (await page.locator('.bubble').allInnerTexts()).join() === '다른 대화', 'the other chat');
      await page.waitForTimeout(600);
      await page.getByRole('link', { name: '/long 뒤에서' }).click();
      await eventually(async () => (await status(page)) === 'live', 'still being written');
      const first = (await lastAnswer(page).innerText()).length;
      await eventually(async () => (await lastAnswer(page).innerText()).length > first + 50, 'growing');
      await page.keyboard.press('Escape');
      await finished(page);
    },
  },
  {
    name: 'keep: rename, export, delete and undo',
    async run({ visit, shot }) {
      const { page } = await visit();
      await askAndWait(page, '파이썬 질문');
      await page.keyboard.press('Control+Shift+O');
      await askAndWait(page, '점심 추천');
      const menu = (title) => page.getByRole('button', { name: `“${title}” 메뉴` });
      await page.getByRole('link', { name: '점심 추천' }).hover();
      await menu('점심 추천').click();
      await shot(page, 'chat-menu');
      await page.getByRole('menuitem', { name: '이름 바꾸기' }).click();
      await page.getByRole('textbox', { name: '이름 바꾸기' }).fill('오늘 점심');
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: '오늘 점심' }).waitFor();

      await page.getByRole('link', { name: '오늘 점심' }).hover();
      await menu('오늘 점심').click();
      await page.getByRole('menuitem', { name: '내보내기' }).click();
      const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: '마크다운으로 내보내기' }).click()]);
      assert.equal(file.suggestedFilename(), '오늘 점심.md');
      const text = await readFile(await file.path(), 'utf8');
      assert.match(text, /^# 오늘 점심/);
      assert.match(text, /점심 추천/);
      assert.match(text, /AI가 생성한 답변/);

      await page.getByRole('link', { name: '오늘 점심' }).hover();
      await menu('오늘 점심').click();
      await page.getByRole('menuitem', { name: '삭제' }).click();
      await page.getByText('“오늘 점심”을 삭제했습니다.').waitFor();
      assert.deepEqual(await page.locator('nav li a').allInnerTexts(), ['파이썬 질문']);
      await shot(page, 'deleted');
      await page.getByRole('button', { name: '되돌리기' }).click();
      await page.getByRole('link', { name: '오늘 점심' }).click();
      await finished(page);
      await page.getByRole('link', { name: '오늘 점심' }).hover();
      await menu('오늘 점심').click();
      await page.getByRole('menuitem', { name: '삭제' }).click();
      await page.reload();
      await page.getByRole('link', { name: '파이썬 질문' }).waitFor();
      assert.deepEqual(await page.locator('nav li a').allInnerTexts(), ['파이썬 질문'], 'deleted for good after a reload');
    },
  },
  {
    name: 'keep: the address opens its chat, back goes back, a wrong one says so',
    async run({ visit }) {
      const { page } = await visit({ expectErrors: true });
      await askAndWait(page, '주소 하나');
      const first = page.url();
      await page.keyboard.press('Control+Shift+O');
      await askAndWait(page, '주소 둘');
      await page.goto(first);
      await finished(page);
      assert.equal(await page.locator('.bubble').innerText(), '주소 하나');
      await page.getByRole('link', { name: '주소 둘' }).click();
      await eventually(async () => (await page.locator('.bubble').allInnerTexts()).join() === '주소 둘', 'the second chat');
      await page.goBack();
      await eventually(async () => (await page.locator('.bubble').allInnerTexts()).join() === '주소 하나', 'the first chat');
      await page.goto(first.replace(/[0-9a-f]{32}$/, '0'.repeat(32)));
      await page.getByText('없는 대화입니다.').waitFor();
      assert.equal(await answers(page).count(), 0);
    },
  },
  {
    name: 'keep: all chats are deleted after a question',
    async run({ visit }) {
      const { page } = await visit();
      await askAndWait(page, '지울 대화');
      await page.keyboard.press('Control+,');
      await page.getByRole('button', { name: '내보내기와 가져오기' }).click();
      await page.getByRole('button', { name: '모든 대화 삭제' }).click();
      await page.getByRole('button', { name: '삭제', exact: true }).click();
      await page.keyboard.press('Escape');
      await page.reload();
      await page.getByText('아직 나눈 대화가 없습니다.').waitFor();
    },
  },
];
