// Asking and being answered.

import assert from 'node:assert/strict';
import { ask, askAndWait, answers, eventually, finished, lastAnswer, ready, status } from './steps.mjs';

const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());

export default [
  {
    name: 'chat: an answer streams in and is marked as made by AI',
    async run({ visit, fake }) {
      const { page } = await visit();
      await ask(page, '안녕하세요?');
      await finished(page);
      assert.match(await status(page), fake ? /^done$/ : /^(done|length)$/);
      const text = await lastAnswer(page).innerText();
      assert.match(text, /AI가 생성한 답변/);
      assert.match(text, /\d+토큰/);
      assert.match(page.url(), /\/c\/[0-9a-f]{32}$/);
      assert.match(await page.title(), /안녕하세요/);
      if (!fake) return;
      assert.equal(await lastAnswer(page).locator('strong').innerText(), '질문(question)');
      const sent = (await fake.requests())[0];
      assert.deepEqual(sent.messages, [{ role: 'user', content: '안녕하세요?' }]);
      assert.equal(sent.max_tokens, 2048); // a small model may never stop by itself
    },
  },
  {
    name: 'chat: the second turn carries the first',
    needsFake: true,
    async run({ visit, fake }) {
      const { page } = await visit();
      await askAndWait(page, '하나');
      await askAndWait(page, '둘');
      const roles = (await fake.requests())[1].messages.map((m) => m.role);
      assert.deepEqual(roles, ['user', 'assistant', 'user']);
      assert.match((await fake.requests())[1].messages[1].content, /하나/);
    },
  },
  {
    name: 'chat: stop keeps what has come and frees the server',
    needsFake: true,
    async run({ visit }) {
      const { page } = await visit();
      await ask(page, '/long 이야기');
      await eventually(async () => (await lastAnswer(page).innerText()).length > 60, 'some text');
      await page.getByRole('button', { name: '멈추기' }).click();
      await finished(page);
      assert.equal(await status(page), 'stopped');
      const text = await lastAnswer(page).locator('.markdown').innerText();
      assert.ok(text.length > 40 && text.length < 8000, `${text.length} characters`);
      await page.waitForTimeout(400);
      assert.equal(await lastAnswer(page).locator('.markdown').innerText(), text, 'text after the stop');
      // Esc stops too, and the chat goes on afterwards
      await ask(page, '/long 또');
      await eventually(async () => (await lastAnswer(page).innerText()).length > 60, 'some text');
      await page.keyboard.press('Escape');
      await finished(page);
      assert.equal(await status(page), 'stopped');
      await askAndWait(page, '이제 짧게');
      assert.equal(await status(page), 'done');
    },
  },
  {
    name: 'chat: stop works on any server, and the next question is answered',
    async run({ visit, fake }) {
      const { page } = await visit({ settings: { maxTokens: 4000 } });
      await ask(page, fake ? '/long 세기' : '1부터 1000까지 쉬지 말고 모두 세어 줘.');
      await lastAnswer(page).locator('.markdown').waitFor({ timeout: 120_000 });
      await page.getByRole('button', { name: '멈추기' }).click();
      await finished(page, 5000);
      assert.equal(await status(page), 'stopped');
      const text = await lastAnswer(page).locator('.markdown').innerText();
      await page.waitForTimeout(500);
      assert.equal(await lastAnswer(page).locator('.markdown').innerText(), text);
      await page.keyboard.press('Control+,');
      await page.getByLabel(/최대 토큰/).fill('8');
      await page.getByLabel(/최대 토큰/).press('Tab');
      await page.keyboard.press('Escape');
      await askAndWait(page, '고마워');
      assert.match(await status(page), /^(done|length)$/);
    },
  },
  {
    name: 'chat: copy gives the Markdown of an answer, and the code of a block',
    needsFake: true,
    async run({ visit }) {
      const { page } = await visit();
      await askAndWait(page, '/showcase');
      await lastAnswer(page).getByRole('button', { name: '복사', exact: true }).last().click();
      await eventually(async () => (await clipboard(page)).startsWith('# 한글의 **자모(字母)**'), 'Markdown in the clipboard');
      await lastAnswer(page).locator('.code-copy').first().click();
      await eventually(async () => (await clipboard(page)).startsWith('def compose('), 'code in the clipboard');
      assert.ok(!(await clipboard(page)).includes('```'));
      assert.equal(await lastAnswer(page).locator('.code-copy').first().innerText(), '복사했습니다');
    },
  },
  {
    name: 'chat: regenerate adds a version, and both can be read',
    async run({ visit, fake }) {
      const { page } = await visit();
      await askAndWait(page, '다시');
      await lastAnswer(page).getByRole('button', { name: '다시 답하기' }).click();
      await lastAnswer(page).and(page.locator('[data-status=live]')).waitFor();
      await finished(page);
      assert.equal(await answers(page).count(), 1);
      const versions = lastAnswer(page).getByRole('group', { name: '2개 중 2번째' });
      await versions.getByRole('button', { name: '이전 답' }).click();
      await lastAnswer(page).getByRole('group', { name: '2개 중 1번째' }).waitFor();
      if (fake) {
        const [first, second] = await fake.requests();
        assert.deepEqual(second.messages, first.messages);
      }
    },
  },
  {
    name: 'chat: editing the question asks again and keeps the old branch',
    async run({ visit, fake }) {
      const { page } = await visit();
      await askAndWait(page, '처음 질문');
      const question = page.locator('article.question').last();
      await question.hover();
      await question.getByRole('button', { name: '고치기' }).click();
      await question.getByRole('textbox').fill('고친 질문');
      await question.getByRole('button', { name: '고쳐서 보내기' }).click();
      await eventually(async () => (await page.locator('.bubble').innerText()) === '고친 질문', 'the new question');
      await finished(page);
      if (fake) assert.deepEqual((await fake.requests())[1].messages, [{ role: 'user', content: '고친 질문' }]);
      await page.locator('article.question').hover();
      await page.locator('article.question').getByRole('button', { name: '이전 답' }).click();
      await eventually(async () => (await page.locator('.bubble').innerText()) === '처음 질문', 'the old question');
    },
  },
  {
    name: 'chat: reasoning is folded, tool calls are shown, a cut length is told',
    needsFake: true,
    async run({ visit, fake, shot }) {
      const { page } = await visit();
      await askAndWait(page, '/think 2+2');
      assert.equal(await lastAnswer(page).locator('.thought').isVisible(), false);
      await lastAnswer(page).getByText('생각한 과정').click();
      assert.match(await lastAnswer(page).locator('.thought').innerText(), /검산해도 4다/);
      await askAndWait(page, '/length');
      assert.match(await lastAnswer(page).innerText(), /길이 제한/);
      await lastAnswer(page).getByRole('button', { name: '이어서 쓰기' }).click();
      // The same message goes on; what it said stays.
      await eventually(async () => (await fake.requests()).length === 3, 'a continuation');
      await finished(page);
      assert.equal(await answers(page).count(), 2);
      assert.match(await lastAnswer(page).locator('.markdown').innerText(), /^길이 제한에 닿는 답/);
      await askAndWait(page, '/tool 날씨');
      await lastAnswer(page).getByText('도구 호출: get_weather').click();
      assert.match(await lastAnswer(page).locator('pre').innerText(), /"city": "서울"/);
      await shot(page, 'chat-reasoning-tools');
    },
  },
  {
    name: 'chat: another model answers after it is chosen',
    needsFake: true,
    async run({ visit, fake, shot }) {
      const { page } = await visit();
      await askAndWait(page, '첫 모델');
      await page.getByRole('button', { name: /모델 고르기/ }).click();
      const items = page.getByRole('menuitemradio');
      assert.equal(await items.count(), 2, 'an embedding model is no choice');
      assert.match(await items.first().innerText(), /지어낸 사실을 말할 수 있습니다/);
      assert.match(await page.locator('.picker .menu').innerText(), /Apache-2\.0/);
      await shot(page, 'models');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await askAndWait(page, '둘째 모델');
      assert.deepEqual((await fake.requests()).map((r) => r.model), ['qwen2.5-coder-1.5b', 'hyperclovax-seed-1.5b']);
      await page.reload();
      await page.getByRole('button', { name: /HyperCLOVA X SEED 1.5B/ }).waitFor();
    },
  },
  {
    name: 'chat: settings reach the server and stay',
    needsFake: true,
    async run({ visit, fake, shot }) {
      const { page } = await visit();
      await ready(page);
      await page.keyboard.press('Control+,');
      const dialog = page.getByRole('dialog', { name: '설정' });
      await dialog.getByLabel(/시스템 프롬프트/).fill('존댓말로 답해 주세요.');
      await dialog.getByRole('slider', { name: /온도/ }).fill('0.3');
      await dialog.getByRole('slider', { name: /Top-p/ }).fill('0.8');
      await dialog.getByLabel(/최대 토큰/).fill('256');
      await dialog.getByLabel(/최대 토큰/).press('Tab');
      await shot(page, 'settings');
      await page.keyboard.press('Escape');
      await askAndWait(page, '설정 확인');
      const sent = (await fake.requests())[0];
      assert.equal(sent.messages[0].content, '존댓말로 답해 주세요.');
      assert.deepEqual([sent.temperature, sent.top_p].map((x) => Math.round(x * 100) / 100), [0.3, 0.8]);
      assert.equal(sent.max_tokens, 256);
      await page.reload();
      await askAndWait(page, '다시 확인');
      assert.ok(Math.abs((await fake.requests())[1].temperature - 0.3) < 1e-6);
    },
  },
  {
    name: 'chat: language, theme and text size change at once and stay',
    async run({ visit }) {
      const { page } = await visit();
      await ready(page);
      await page.getByRole('button', { name: '설정', exact: true }).click();
      await page.getByRole('radio', { name: 'English' }).check({ force: true });
      await page.getByRole('heading', { name: 'Settings' }).waitFor();
      await page.getByRole('radio', { name: 'Dark' }).check({ force: true });
      await page.getByRole('radio', { name: 'Large' }).check({ force: true });
      const look = () =>
        page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme, document.documentElement.dataset.size]);
      assert.deepEqual(await look(), ['en', 'dark', 'large']);
      await page.reload();
      assert.deepEqual(await look(), ['en', 'dark', 'large']);
      await page.getByPlaceholder('Write a message').waitFor();
    },
  },
  {
    name: 'chat: English browsers get English',
    async run({ visit, shot }) {
      const { page } = await visit({ locale: 'en-US' });
      await page.getByRole('heading', { name: 'How can I help?' }).waitFor();
      await shot(page, 'empty-english');
    },
  },
  {
    name: 'chat: an example question can be asked with one click, after the notice',
    async run({ visit, shot }) {
      const { page } = await visit({ seen: false });
      await page.getByRole('heading', { name: '시작하기 전에' }).waitFor();
      await shot(page, 'first-visit');
      await page.getByRole('button', { name: '알겠습니다' }).click();
      await page.reload();
      assert.equal(await page.getByRole('heading', { name: '시작하기 전에' }).count(), 0);
      await page.getByRole('button', { name: /쉽게 설명하기/ }).click();
      await finished(page, 110_000);
      assert.match(await page.locator('article.question').innerText(), /광합성/);
    },
  },
  {
    name: 'chat: scrolling up is left alone while an answer grows',
    needsFake: true,
    async run({ visit }) {
      const { page } = await visit({ viewport: { width: 1000, height: 500 } });
      await askAndWait(page, '/showcase');
      await ask(page, '/long 스크롤');
      const top = () => page.evaluate(() => document.querySelector('.scroller').scrollTop);
      const atEnd = () => page.evaluate(() => {
        const s = document.querySelector('.scroller');
        return s.scrollHeight - s.scrollTop - s.clientHeight < 60;
      });
      await eventually(async () => (await lastAnswer(page).innerText()).length > 900, 'text');
      assert.ok(await atEnd(), 'follows the answer');
      await page.mouse.move(600, 250);
      await page.mouse.wheel(0, -600);
      await page.waitForTimeout(300);
      const held = await top();
      await page.waitForTimeout(800);
      assert.equal(await top(), held);
      await page.getByRole('button', { name: '맨 아래로' }).click();
      await eventually(atEnd, 'back at the end');
      await page.keyboard.press('Escape');
    },
  },
  {
    name: 'chat: everything can be done with the keyboard',
    async run({ visit }) {
      const { page } = await visit();
      await ready(page);
      await page.keyboard.press('Tab');
      assert.equal(await page.evaluate(() => document.activeElement.className.includes('skip')), true);
      await page.keyboard.press('Enter');
      assert.equal(await page.evaluate(() => document.activeElement.id), 'message');
      await page.keyboard.type('글쇠만으로');
      await page.keyboard.press('Shift+Enter');
      await page.keyboard.type('두 줄');
      await page.keyboard.press('Enter');
      await finished(page);
      assert.equal(await page.locator('.bubble').innerText(), '글쇠만으로\n두 줄');
      await page.keyboard.press('Control+Shift+O');
      await page.getByRole('heading', { name: '무엇을 도와드릴까요?' }).waitFor();
      await page.keyboard.press('Control+Shift+S');
      await page.getByRole('button', { name: '대화 목록 열기' }).waitFor();
    },
  },
  {
    name: 'chat: a screen reader hears sentences, not tokens',
    needsFake: true,
    async run({ visit }) {
      const { page } = await visit();
      await ready(page);
      await page.evaluate(() => {
        window.heard = [];
        const region = document.querySelector('[aria-live="polite"]');
        new MutationObserver((list) => list.forEach((m) => m.addedNodes.forEach((n) => n.textContent.trim() && window.heard.push(n.textContent.trim())))).observe(region, { childList: true, subtree: true });
      });
      await askAndWait(page, '낭독');
      const heard = await eventually(async () => {
        const all = await page.evaluate(() => window.heard);
        return all.includes('답변이 끝났습니다.') && all;
      }, 'the end of the answer');
      assert.ok(heard.includes('좋은 하루 보내세요.'), heard.join(' | '));
      assert.ok(heard.length < 12, `${heard.length} announcements`);
      assert.equal(await page.locator('.scroller [aria-live]').count(), 0);
    },
  },
];
