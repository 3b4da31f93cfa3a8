// HTML that a model wrote, shown where it can do nothing.

import assert from 'node:assert/strict';
import { canary } from './canary.mjs';
import { askAndWait, eventually, lastAnswer } from './steps.mjs';

/** Takes out of the problems what the browser says of each thing it refused. */
function expected(problems) {
  const wanted = /^request to (http|ws):\/\/127|Content.Security.Policy|sandbox|localStorage|Failed to load|net::ERR/i;
  problems.splice(0, problems.length, ...problems.filter((p) => !wanted.test(p)));
}

export default [
  {
    name: 'artifact: a preview runs its script and reaches nothing',
    needsFake: true,
    async run({ visit, base, shot }) {
      const bird = await canary();
      try {
        const { page, context, problems } = await visit();
        const ours = [];
        context.on('request', (r) => r.url().startsWith(base) && ours.push(r.url()));
        await askAndWait(page, `/artifact ${bird.where}`);
        const block = lastAnswer(page).locator('.code').first();
        await block.getByRole('button', { name: '미리 보기' }).click();
        assert.equal(await block.locator('iframe.artifact').getAttribute('sandbox'), 'allow-scripts');
        const title = page.frameLocator('iframe.artifact').locator('#title');
        await eventually(async () => (await title.textContent()).includes('스크립트가 돕니다'), 'the script of the preview');
        const said = await title.textContent();
        for (const name of ['cookie', 'storage', 'parent', 'top', 'popup', 'rtc']) assert.ok(said.includes(`${name} 막힘`), `${name}: ${said}`);
        await shot(page, 'artifact');
        const before = page.url();
        await page.waitForTimeout(6000); // for what tries later
        assert.equal(page.url(), before, 'the page went elsewhere');
        assert.equal(context.pages().length, 1, 'a window opened');
        assert.deepEqual(ours.filter((url) => url.endsWith('/api/session')), [], 'it asked the API');
        assert.equal(bird.heard, 0, 'something left');
        // The address works: the page of a test may reach it by itself.
        await context.request.get(`http://${bird.where}/`).catch(() => {});
        assert.ok(bird.heard > 0, 'the canary is deaf');
        expected(problems);
      } finally {
        bird.close();
      }
    },
  },
  {
    name: 'artifact: back to the code, and a picture',
    needsFake: true,
    async run({ visit }) {
      const { page, problems } = await visit();
      await askAndWait(page, '/artifact 127.0.0.1:9');
      const block = lastAnswer(page).locator('.code').last();
      await block.getByRole('button', { name: '미리 보기' }).click();
      await page.frameLocator('iframe.artifact').locator('circle').waitFor();
      assert.ok(await block.locator('pre').isHidden());
      await block.getByRole('button', { name: '코드 보기' }).click();
      assert.ok(await block.locator('pre').isVisible());
      assert.equal(await page.locator('iframe').count(), 0);
      expected(problems);
    },
  },
];
