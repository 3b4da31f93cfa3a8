// Two pages that are not the chat: the documentation of the API, and the frame
// of a preview. Looked at narrow and wide, light and dark.

import assert from 'node:assert/strict';
import { violations } from './axe.mjs';
import { askAndWait, eventually, lastAnswer } from './steps.mjs';

const looks = [[390, 'light'], [390, 'dark'], [1440, 'light'], [1440, 'dark']];

/** No rule of axe is broken, and nothing sticks out to the side. */
async function sound(page, where) {
  assert.deepEqual(await violations(page, { frames: false }), [], where);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${where}: ${over} px stick out`);
}

export default [
  {
    name: 'docs: the page of the API is found, read and used at every width',
    needsFake: true,
    async run({ visit, shot }) {
      for (const [width, colorScheme] of looks) {
        const where = `docs-${width}-${colorScheme}`;
        const { page } = await visit({ path: '/api/docs', viewport: { width, height: 844 }, colorScheme });
        await page.getByText('/api/skills', { exact: true }).waitFor();
        await sound(page, where);
        await shot(page, where);
        await page.getByLabel('찾기').fill('skills');
        const route = page.locator('details:visible', { hasText: '/api/skills' });
        assert.equal(await page.locator('details:visible').count(), await route.count());
        await route.locator('summary').click();
        await route.getByRole('button', { name: /부르기/ }).click();
        await eventually(async () => /^200 .*[\s\S]*"calculate"/.test(await route.locator('pre').innerText()), 'the answer of a call');
        await page.getByLabel('찾기').fill('/api/chats/{id}');
        const patch = page.locator('details:visible', { hasText: 'PATCH' }).first();
        await patch.locator('summary').click();
        assert.match(await patch.locator('textarea').inputValue(), /"skill_names"/);
        await sound(page, `${where}, a form`);
        await shot(page, `${where}-form`);
        await page.getByLabel('찾기').fill('없는 주소');
        await page.getByText('찾은 주소가 없습니다').waitFor();
      }
    },
  },
  {
    name: 'docs: a preview is sound at every width',
    needsFake: true,
    async run({ visit, shot }) {
      for (const [width, colorScheme] of looks) {
        const where = `preview-${width}-${colorScheme}`;
        const { page, problems } = await visit({ viewport: { width, height: 844 }, colorScheme });
        await askAndWait(page, '/artifact 127.0.0.1:9');
        await lastAnswer(page).getByRole('button', { name: '미리 보기' }).first().click();
        await page.locator('iframe.artifact').waitFor();
        const frame = await page.locator('iframe.artifact').boundingBox();
        assert.ok(frame.width > 200 && frame.x >= 0 && frame.x + frame.width <= width, `${where}: the frame is ${JSON.stringify(frame)}`);
        await sound(page, where);
        await shot(page, where);
        await page.close();
        problems.splice(0); // what the preview tried and the browser refused is the matter of artifact.mjs
      }
    },
  },
];
