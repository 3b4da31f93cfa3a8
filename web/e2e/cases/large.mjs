// Sizes at which pages of this kind are known to freeze.

import assert from 'node:assert/strict';
import { askAndWait, eventually, finished, lastAnswer, ready } from './steps.mjs';

const openMS = 1000;
const pasteMS = 1000;

/** Has the server take over a chat of n messages. */
const seed = (page, n) =>
  page.evaluate(async (count) => {
    const messages = Array.from({ length: count }, (_, i) => ({
      id: `m${i}`,
      parent: i === 0 ? '' : `m${i - 1}`,
      role: i % 2 === 0 ? 'user' : 'assistant',
      created: 1000 + i,
      status: 'done',
      content:
        i % 2 === 0
          ? `${i}번째 질문입니다. 이것은 무엇인가요?`
          : `## ${i}번째 답\n\n**한글(Hangul)**은 글자입니다. ${'설명이 이어집니다. '.repeat(12)}\n\n- 하나\n- 둘\n\n\`\`\`js\nconst n = ${i};\n\`\`\``,
    }));
    const chat = { id: 'old', title: '긴 대화', created: 1, updated: Date.now(), model: '', leaf: `m${count - 1}`, messages };
    const body = JSON.stringify({ format: 'malmoi.chats', version: 1, exported: 1, note: '', chats: [chat] });
    const r = await fetch('/api/import', { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body });
    const said = await r.json();
    if (said.messages !== count) throw new Error(JSON.stringify(said));
  }, n);

export default [
  {
    name: 'large: a chat of 2,000 messages opens in a second, at its end',
    needsFake: true,
    async run({ visit, shot }) {
      const { page } = await visit();
      await ready(page);
      await seed(page, 2000);
      await page.reload();
      await page.getByRole('link', { name: '긴 대화' }).waitFor();
      const times = [];
      for (let i = 0; i < 3; i++) {
        times.push(
          await page.evaluate(
            () =>
              new Promise((resolve) => {
                const started = performance.now();
                [...document.querySelectorAll('nav li a')].find((a) => a.textContent.includes('긴 대화')).click();
                const look = () => {
                  const all = document.querySelectorAll('article.answer');
                  const last = all[all.length - 1]?.getBoundingClientRect();
                  // laid out, painted, and in view
                  if (last && last.top < innerHeight && last.bottom > 0) requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - started)));
                  else requestAnimationFrame(look);
                };
                look();
              }),
          ),
        );
        assert.match(await lastAnswer(page).innerText(), /1999번째 답/);
        if (i < 2) {
          await page.keyboard.press('Control+Shift+O');
          await page.locator('article').first().waitFor({ state: 'detached' });
        }
      }
      await shot(page, 'long-chat');
      const best = Math.min(...times);
      assert.ok(best < openMS, `${times.map(Math.round)} ms`);
      assert.ok(times[0] < 2 * openMS, `the first time took ${Math.round(times[0])} ms`); // a busy machine is given twice the time
      assert.ok(await page.evaluate(() => { const s = document.querySelector('.scroller'); return s.scrollHeight - s.scrollTop - s.clientHeight < 60; }), 'still at the end');
      // Far rows are words only, so that the browser's own search finds them.
      await eventually(async () => (await page.locator('.content > .row').count()) === 2000, 'all rows');
      await eventually(async () => (await page.locator('.content > .row article').count()) < 60, 'few rows drawn in full');
      assert.match(await page.locator('.content > .row').nth(1000).textContent(), /1000번째 질문/);
      // The far end becomes a formatted message when it is scrolled to.
      await page.evaluate(() => (document.querySelector('.scroller').scrollTop = 0));
      await eventually(async () => (await page.locator('article.answer').first().innerText()).includes('1번째 답'), 'the first answer');
      return `${times.map(Math.round).join(', ')} ms`;
    },
  },
  {
    name: 'large: 20,000 pasted lines do not freeze the page',
    needsFake: true,
    async run({ visit, fake, shot }) {
      const { page } = await visit();
      await ready(page);
      const text = Array.from({ length: 20_000 }, (_, i) => `${i + 1}번째 줄: 말을 모아 사전을 만든다`).join('\n');
      await page.evaluate((s) => navigator.clipboard.writeText(s), text);
      await page.focus('#message');
      const longest = page.evaluate(
        () =>
          new Promise((resolve) => {
            let last = performance.now();
            let worst = 0;
            const end = last + 4000;
            const beat = () => {
              const now = performance.now();
              worst = Math.max(worst, now - last);
              last = now;
              if (now < end) setTimeout(beat, 0);
              else resolve(worst);
            };
            beat();
          }),
      );
      await page.keyboard.press('Control+V');
      await page.getByText('20,000줄').waitFor();
      await page.keyboard.type('요약해 줘');
      const pause = await longest;
      assert.ok(pause < pasteMS, `the page stood still for ${Math.round(pause)} ms`);
      await shot(page, 'pasted');
      const started = performance.now();
      await page.keyboard.press('Enter');
      await finished(page);
      const sent = Math.round(performance.now() - started);
      assert.ok((await fake.requests())[0].messages[0].content.endsWith('20000번째 줄: 말을 모아 사전을 만든다\n\n요약해 줘'));
      assert.ok((await page.locator('.bubble').innerText()).length < 2000, 'a long question is folded');
      await page.getByRole('link', { name: '요약해 줘' }).waitFor(); // called after what was typed
      const opening = performance.now();
      await page.getByRole('button', { name: '모두 보기' }).click();
      await page.getByRole('button', { name: '접기' }).waitFor();
      await page.waitForTimeout(0);
      const unfolded = Math.round(performance.now() - opening);
      await shot(page, 'pasted-sent');
      // Editing changes the typed words and leaves the pasted ones.
      await page.locator('article.question').hover();
      await page.getByRole('button', { name: '고치기' }).click();
      const edit = page.getByRole('textbox', { name: '질문 고치기' });
      assert.equal(await edit.inputValue(), '요약해 줘');
      await edit.fill('번역해 줘');
      await edit.press('Enter');
      await eventually(async () => (await fake.requests()).length === 2, 'a second request');
      await finished(page);
      const again = (await fake.requests())[1].messages[0].content;
      assert.ok(again.startsWith('1번째 줄') && again.endsWith('만든다\n\n번역해 줘'));
      return `longest pause ${Math.round(pause)} ms, sent and answered in ${sent} ms, unfolded in ${unfolded} ms`;
    },
  },
  {
    name: 'large: a message over the limit is refused before it is lost',
    needsFake: true,
    async run({ visit, fake }) {
      const { page } = await visit();
      await ready(page);
      await page.evaluate(() => navigator.clipboard.writeText('가'.repeat(2_000_001)));
      await page.fill('#message', '남아 있을 말');
      await page.keyboard.press('Control+V');
      await page.getByText('2,000,000자까지').waitFor();
      assert.equal(await page.inputValue('#message'), '남아 있을 말');
      assert.equal((await fake.requests()).length, 0);
    },
  },
  {
    name: 'large: a code block of 2,500 lines streams without the page standing still',
    needsFake: true,
    async run({ visit }) {
      const { page } = await visit();
      await ready(page);
      await page.evaluate(() => {
        window.worst = 0;
        let last = performance.now();
        setInterval(() => {
          const now = performance.now();
          window.worst = Math.max(window.worst, now - last);
          last = now;
        }, 0);
      });
      await askAndWait(page, '/code', 90_000);
      const length = (await lastAnswer(page).locator('code').innerText()).length;
      assert.ok(length > 75_000, `${length} characters`);
      const worst = await page.evaluate(() => window.worst);
      assert.ok(worst < 1500, `${Math.round(worst)} ms`);
      return `longest pause ${Math.round(worst)} ms`;
    },
  },
];
