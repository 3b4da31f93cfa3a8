// Hangul composition through the browser's own input method protocol.

import assert from 'node:assert/strict';
import { eventually, finished, ready } from './steps.mjs';

const compose = (cdp, text) =>
  cdp.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });

/** The Enter that an input method sees: key code 229, isComposing. */
async function composingEnter(cdp, key) {
  const base = { key, code: 'Enter', windowsVirtualKeyCode: 229, nativeVirtualKeyCode: 229 };
  await cdp.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...base });
}

async function plainEnter(cdp) {
  const base = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, nativeVirtualKeyCode: 13 };
  await cdp.send('Input.dispatchKeyEvent', { type: 'keyDown', text: '\r', ...base });
  await cdp.send('Input.dispatchKeyEvent', { type: 'keyUp', ...base });
}

async function typeHangul(cdp) {
  for (const step of ['ㅎ', '하', '한']) await compose(cdp, step);
  await cdp.send('Input.insertText', { text: '한' });
  for (const step of ['ㄱ', '그', '글']) await compose(cdp, step);
}

async function start(visit) {
  const { page, context } = await visit();
  await ready(page);
  await page.focus('#message');
  return { page, cdp: await context.newCDPSession(page) };
}

const questions = (page) => page.locator('article.question .bubble').allInnerTexts();

export default [
  ...['Enter', 'Process'].map((key) => ({
    name: `ime: Enter inside the last syllable sends it whole, once (${key})`,
    async run({ visit, fake }) {
      const { page, cdp } = await start(visit);
      await typeHangul(cdp);
      assert.equal(await page.inputValue('#message'), '한글');
      await composingEnter(cdp, key);
      await page.waitForTimeout(100);
      assert.deepEqual(await questions(page), [], 'nothing is sent before the commit');
      await cdp.send('Input.insertText', { text: '글' });
      await plainEnter(cdp); // macOS sends the key once more
      await eventually(async () => (await questions(page)).length === 1, 'one question');
      await finished(page);
      await page.waitForTimeout(200);
      assert.deepEqual(await questions(page), ['한글']);
      assert.equal(await page.inputValue('#message'), '');
      if (fake) assert.equal((await fake.requests()).length, 1);
    },
  })),
  {
    name: 'ime: a syllable that ends by itself sends nothing',
    async run({ visit }) {
      const { page, cdp } = await start(visit);
      await typeHangul(cdp);
      await cdp.send('Input.insertText', { text: '글' });
      await page.waitForTimeout(200);
      assert.deepEqual(await questions(page), []);
      await plainEnter(cdp);
      await eventually(async () => (await questions(page)).length === 1, 'the question of a later Enter');
      assert.deepEqual(await questions(page), ['한글']);
      await finished(page);
    },
  },
  {
    name: 'ime: Kana under composition is committed by Enter, not sent',
    async run({ visit }) {
      const { page, cdp } = await start(visit);
      for (const step of ['に', 'にほん', '日本']) await compose(cdp, step);
      await composingEnter(cdp, 'Process');
      await cdp.send('Input.insertText', { text: '日本' });
      await page.waitForTimeout(300);
      assert.deepEqual(await questions(page), []);
      assert.equal(await page.inputValue('#message'), '日本');
    },
  },
  {
    name: 'ime: a chat is renamed with its last syllable',
    async run({ visit }) {
      const { page, cdp } = await start(visit);
      await page.keyboard.type('이름');
      await page.keyboard.press('Enter');
      await finished(page);
      await page.getByRole('link', { name: '이름' }).hover();
      await page.getByRole('button', { name: '“이름” 메뉴' }).click();
      await page.getByRole('menuitem', { name: '이름 바꾸기' }).click();
      await page.getByRole('textbox', { name: '이름 바꾸기' }).fill('');
      await typeHangul(cdp);
      await composingEnter(cdp, 'Process');
      await cdp.send('Input.insertText', { text: '글' });
      await page.getByRole('link', { name: '한글', exact: true }).waitFor();
    },
  },
];
