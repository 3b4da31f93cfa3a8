// Tools: calls with their results, and the question before one that changes something.

import assert from 'node:assert/strict';
import { accessible } from './axe.mjs';
import { ask, askAndWait, eventually, finished, lastAnswer, ready, status } from './steps.mjs';

const card = (page) => page.getByRole('group', { name: /실행할까요/ });

/** Chooses whether the chat on screen uses tools. */
async function use(page, now, choice) {
  await page.getByRole('button', { name: `도구: ${now}` }).click();
  await page.getByRole('menuitemradio', { name: choice }).or(page.getByRole('menuitem', { name: choice })).click();
  await page.getByRole('button', { name: `도구: ${choice}` }).waitFor();
}

/** A page whose next chat uses all tools. */
async function withTools(visit, options) {
  const { page } = await visit(options);
  await ready(page);
  await use(page, '설정대로', '모두 사용');
  return page;
}

/** The answer says that the call was not made. */
async function refusedOn(page) {
  const text = await page.locator('article.answer').first().innerText();
  assert.match(text, /허락하지 않아 실행하지 않음/);
  assert.doesNotMatch(text, /보냈습니다/);
}

export default [
  {
    name: 'skills: a call is shown folded, by its Korean name, with what it came to',
    needsFake: true,
    async run({ visit }) {
      const page = await withTools(visit);
      await askAndWait(page, '/calc 12 곱하기 34');
      assert.equal(await status(page), 'done');
      const fold = lastAnswer(page).locator('details', { hasText: '도구 호출: 계산기' });
      assert.equal(await fold.locator('pre').first().isVisible(), false, 'folded');
      await fold.locator('summary').click();
      await fold.getByText('12*34 = 408').waitFor();
      assert.match(await lastAnswer(page).innerText(), /계산기로 확인했습니다/);
      await accessible(page, 'a call');
      await page.reload();
      await lastAnswer(page).locator('details', { hasText: '도구 호출: 계산기' }).waitFor();
    },
  },
  {
    name: 'skills: a call that changes something asks, and is refused',
    needsFake: true,
    async run({ visit, fake, base, shot }) {
      const page = await withTools(visit);
      await ask(page, '/mail 김 대리에게');
      await card(page).waitFor();
      const words = await card(page).innerText();
      assert.match(words, /‘메일 보내기’를 실행할까요\?/);
      assert.match(words, /kim@example\.com/);
      assert.doesNotMatch(words, /다른 사람이 쓴 글/);
      assert.equal(await status(page), 'live');
      await accessible(page, 'the question');
      await shot(page, 'skills-question');
      await page.reload(); // the question belongs to the server
      await card(page).waitFor();
      const { page: other } = await visit({ path: new URL(page.url()).pathname });
      await card(other).waitFor(); // a second tab sees it, too
      assert.match(await card(other).innerText(), /kim@example\.com/);
      assert.equal((await fake.requests()).length, 1, 'the model waits for the word');
      const consent = page.waitForRequest((r) => r.method() === 'POST' && r.url().endsWith('/consent'));
      await card(page).getByRole('button', { name: '아니요' }).focus();
      await page.keyboard.press('Enter');
      const said = await consent;
      await finished(page);
      await finished(other);
      for (const p of [page, other]) {
        assert.equal(await status(p), 'done');
        assert.equal(await card(p).count(), 0);
        await refusedOn(p);
      }
      // The model is told, in the place of a result, and answers with that.
      const told = (await fake.requests()).map((r) => r.messages.filter((m) => m.role === 'tool').map((m) => m.content));
      assert.deepEqual(told.map((t) => t.length), [0, 1]);
      assert.match(told[1][0], /the user did not allow this call; do not try it again/);
      assert.match(await lastAnswer(page).innerText(), /메일 이야기는 여기까지입니다/);
      // A later word changes nothing.
      const late = await page.request.post(said.url(), { data: { ...said.postDataJSON(), allow: true }, headers: { Origin: base } });
      assert.equal(late.status(), 409);
      await page.reload();
      await finished(page);
      await refusedOn(page);
      // Nothing was sent, not with the next question either.
      await askAndWait(page, '보냈나요?');
      const everything = JSON.stringify(await fake.requests());
      assert.doesNotMatch(everything, /보냈습니다\./);
    },
  },
  {
    name: 'skills: allowed in another tab, warned when strangers wrote in the chat',
    needsFake: true,
    async run({ visit, fake, shot }) {
      const page = await withTools(visit);
      await ask(page, '/spy 이 글을 요약해 줘');
      await card(page).waitFor();
      assert.match(await card(page).innerText(), /다른 사람이 쓴 글/);
      await accessible(page, 'the question with a warning');
      await shot(page, 'skills-tainted');
      const { page: other } = await visit({ path: new URL(page.url()).pathname, viewport: { width: 390, height: 844 } });
      await card(other).waitFor();
      await shot(other, 'skills-tainted-390');
      await card(other).getByRole('button', { name: '예, 실행합니다' }).click();
      await finished(page);
      await finished(other);
      for (const p of [page, other]) {
        assert.equal(await card(p).count(), 0);
        const calls = lastAnswer(p).locator('details.fold');
        assert.equal(await calls.count(), 2);
        await calls.last().locator('summary').click();
        await calls.last().getByText('보냈습니다.').waitFor();
      }
      const results = (await fake.requests()).at(-1).messages.filter((m) => m.role === 'tool').map((m) => m.content);
      assert.equal(results.length, 2);
      assert.match(results[1], /보냈습니다\./, 'the result reaches the model');
      await page.reload();
      await finished(page);
      assert.equal(await lastAnswer(page).locator('details.fold').count(), 2, 'both calls are kept');
      assert.equal(await card(page).count(), 0);
    },
  },
  {
    name: 'skills: stopping while it asks runs nothing',
    needsFake: true,
    async run({ visit, fake }) {
      const page = await withTools(visit);
      await ask(page, '/mail 모두에게');
      await card(page).waitFor();
      await page.getByRole('button', { name: '멈추기' }).click();
      await finished(page);
      assert.equal(await status(page), 'stopped');
      assert.doesNotMatch(await lastAnswer(page).innerText(), /보냈습니다/);
      await page.reload();
      await finished(page);
      assert.equal(await card(page).count(), 0, 'a stopped answer asks nothing any more');
      assert.equal((await fake.requests()).length, 1, 'the model was not asked again');
    },
  },
  {
    name: 'skills: a chat without tools, and the settings, are heeded',
    needsFake: true,
    async run({ visit }) {
      const { page } = await visit();
      await ready(page);
      await askAndWait(page, '/mail 도구 없이'); // these models are not known to call
      assert.equal(await lastAnswer(page).locator('details.fold').count(), 0);
      await use(page, '설정대로', '사용 안 함');
      await page.keyboard.press('Control+,');
      await page.getByRole('group', { name: '도구' }).getByText('모두 사용').click();
      await page.keyboard.press('Escape');
      await askAndWait(page, '/mail 아직 없이');
      assert.equal(await lastAnswer(page).locator('details.fold').count(), 0, 'the chat says no');
      await page.reload();
      await use(page, '사용 안 함', '설정대로');
      await ask(page, '/mail 이제');
      await card(page).waitFor();
      await card(page).getByRole('button', { name: '아니요' }).click();
      await finished(page);
      await eventually(async () => /허락하지 않아/.test(await lastAnswer(page).innerText()), 'the refusal');
    },
  },
];
