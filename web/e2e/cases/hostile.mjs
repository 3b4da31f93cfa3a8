// Text that tries to act.

import assert from 'node:assert/strict';
import { xssCorpus } from '../texts.mjs';
import { askAndWait, lastAnswer } from './steps.mjs';

const untouched = async (page) => {
  assert.equal(await page.evaluate(() => window.pwned), undefined, 'a payload ran');
  assert.equal(await page.locator('.scroller :is(img, iframe, object, embed, svg[onload], script, style, form:not(.edit), input)').count(), 0);
  for (const href of await page.locator('.markdown a').evaluateAll((all) => all.map((a) => a.getAttribute('href')))) {
    assert.match(href, /^(https?:\/\/|mailto:)/);
  }
};

export default [
  {
    name: 'hostile: the corpus through an answer does nothing and asks for nothing',
    needsFake: true,
    async run({ visit, shot }) {
      const { page } = await visit();
      await askAndWait(page, '/xss');
      await page.waitForTimeout(500);
      await untouched(page);
      await shot(page, 'hostile');
      await page.reload();
      await lastAnswer(page).locator('.markdown').waitFor();
      await untouched(page);
    },
  },
  {
    name: 'hostile: the corpus as question, title and file name stays text',
    needsFake: true,
    async run({ visit }) {
      const { page } = await visit();
      for (const payload of xssCorpus.slice(0, 6)) {
        await askAndWait(page, payload);
        await page.keyboard.press('Control+Shift+O');
      }
      await askAndWait(page, xssCorpus.join('\n'));
      await page.getByRole('button', { name: '모두 보기' }).click();
      await untouched(page);
      const title = '<script>window.pwned=1</script><img src=x onerror=window.pwned=1>';
      await page.evaluate(async (words) => {
        const { chats } = await (await fetch('/api/chats')).json();
        const r = await fetch(`/api/chats/${chats[0].id}`, { method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ title: words }) });
        if (!r.ok) throw new Error(await r.text());
      }, title);
      await page.getByRole('link', { name: title }).waitFor();
      await untouched(page);
      assert.ok((await page.title()).startsWith(title));
    },
  },
  {
    name: 'hostile: a model that is named like a payload',
    needsFake: true,
    async run({ visit, fake }) {
      const name = '<img src=x onerror=window.pwned=1>';
      await fake.models([{ name, title: name, note: name, licence: name, licence_url: 'javascript:window.pwned=1', chat: true }]);
      const { page } = await visit();
      await askAndWait(page, '누구세요?');
      await page.getByRole('button', { name: /모델 고르기/ }).click();
      assert.equal(await page.locator('.picker .menu a').count(), 0);
      await untouched(page);
    },
  },
];
