// Folders, pins and the archive.

import assert from 'node:assert/strict';
import { askAndWait, eventually, ready } from './steps.mjs';

const menu = async (page, title, item) => {
  await page.getByRole('link', { name: title }).hover();
  await page.getByRole('button', { name: `“${title}” 메뉴`, exact: true }).click();
  await page.getByRole('menuitem', { name: item }).click();
};

export default [
  {
    name: 'folders: made, instructed, given files, filled by menu and by dragging, deleted',
    needsFake: true,
    async run({ visit, fake, shot }) {
      const { page } = await visit({ expectErrors: true });
      await askAndWait(page, '옮길 대화');
      await page.getByRole('button', { name: '새 폴더' }).click();
      const dialog = page.getByRole('dialog', { name: '새 폴더' });
      await dialog.getByLabel('이름').fill('주간 보고');
      await dialog.getByLabel(/지시/).fill('개조식으로 쓰세요.');
      await dialog.locator('input[type=file]').setInputFiles([
        { name: '지난주.md', mimeType: 'text/markdown', buffer: Buffer.from('# 지난주\n\n말모이 2호를 냈다.') },
      ]);
      await page.getByRole('link', { name: '지난주.md' }).waitFor();
      await page.locator('input[type=file]').setInputFiles([{ name: '사진.png', mimeType: 'image/png', buffer: Buffer.from([137, 80, 78, 71, 0, 1, 2, 255]) }]);
      await page.getByText('글 파일만 넣을 수 있습니다', { exact: false }).waitFor();
      await shot(page, 'folder');
      await page.getByRole('dialog').getByRole('button', { name: '저장' }).click();
      // by menu
      await menu(page, '옮길 대화', '폴더로 옮기기');
      await page.getByRole('menuitemradio', { name: '주간 보고' }).click();
      const inside = page.locator('.folder', { hasText: '주간 보고' });
      await inside.getByRole('link', { name: '옮길 대화' }).waitFor();
      // by dragging, out and in again
      const heading = page.getByRole('navigation', { name: '대화 목록' });
      await inside.getByRole('link', { name: '옮길 대화' }).dragTo(heading, { targetPosition: { x: 100, y: 400 } });
      await eventually(async () => (await inside.getByRole('link').count()) === 0, 'out of the folder');
      await page.getByRole('link', { name: '옮길 대화' }).dragTo(inside.locator('.head'));
      await inside.getByRole('link', { name: '옮길 대화' }).waitFor();
      // a new chat in the folder has its instructions and its file
      await inside.locator('.head').hover();
      await page.getByRole('button', { name: '“주간 보고”에서 새 대화' }).click();
      await page.getByRole('heading', { name: '주간 보고' }).waitFor();
      await shot(page, 'folder-empty-chat');
      await askAndWait(page, '이번 주는?');
      const system = (await fake.requests()).at(-1).messages[0];
      assert.equal(system.role, 'system');
      assert.match(system.content, /개조식으로 쓰세요/);
      assert.match(system.content, /말모이 2호를 냈다/);
      assert.equal(await inside.getByRole('listitem').count(), 2);
      await page.reload();
      await eventually(async () => (await inside.getByRole('listitem').count()) === 2, 'still there');
      await shot(page, 'folders');
      await inside.locator('.head').hover();
      await page.getByRole('button', { name: '“주간 보고” 폴더 메뉴' }).click();
      await page.getByRole('menuitem', { name: '폴더 설정' }).click();
      await page.getByRole('button', { name: '폴더 삭제' }).click();
      await page.getByRole('button', { name: '삭제', exact: true }).click();
      await inside.waitFor({ state: 'detached' });
      await page.getByRole('link', { name: '옮길 대화' }).waitFor();
    },
  },
  {
    name: 'folders: a pin keeps a chat on top, the archive takes one away and gives it back',
    needsFake: true,
    async run({ visit }) {
      const { page } = await visit();
      for (const q of ['가나다', '라마바', '사아자']) {
        await askAndWait(page, q);
        await page.keyboard.press('Control+Shift+O');
      }
      await menu(page, '가나다', '위에 고정');
      await page.getByRole('heading', { name: '고정한 대화' }).waitFor();
      await page.reload();
      await ready(page);
      await eventually(async () => (await page.locator('nav li a').allInnerTexts()).map((x) => x.trim()).join() === '가나다,사아자,라마바', 'the order');
      await menu(page, '라마바', '보관');
      await page.getByText('“라마바”를 보관했습니다.').waitFor();
      assert.equal(await page.locator('nav li a').count(), 2);
      await page.getByRole('button', { name: '더 보기' }).click();
      await page.getByRole('menuitem', { name: '보관한 대화' }).click();
      const dialog = page.getByRole('dialog', { name: '보관한 대화' });
      await dialog.getByRole('link', { name: /라마바/ }).waitFor();
      await dialog.getByRole('button', { name: '되살리기' }).click();
      await dialog.getByText('보관한 대화가 없습니다.').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('link', { name: '라마바' }).waitFor();
    },
  },
];
