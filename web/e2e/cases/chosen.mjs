// Single tools, chosen by check marks in the chat and in the settings.

import assert from 'node:assert/strict';
import { accessible } from './axe.mjs';
import { ask, askAndWait, eventually, finished, lastAnswer, ready } from './steps.mjs';

const tools = (page) => page.getByRole('button', { name: /^도구:/ });
const mark = (page, name) => page.getByRole('menuitemcheckbox', { name });
const checked = (page) => page.getByRole('menuitemcheckbox', { checked: true });

export default [
  {
    name: 'chosen: one tool of many, on a phone, by touch and by keyboard',
    needsFake: true,
    async run({ visit, shot, fake }) {
      const { page } = await visit({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
      await ready(page);
      await tools(page).tap();
      assert.equal(await checked(page).count(), 0, 'what the settings say is not the chat’s own choice');
      await mark(page, '계산기').tap();
      await mark(page, '공휴일').tap();
      assert.equal(await checked(page).count(), 2, 'the menu stays open');
      const menu = await page.getByRole('menu').boundingBox();
      assert.ok(menu.x >= 0 && menu.x + menu.width <= 390 && menu.y >= 0 && menu.y + menu.height <= 844, `the menu fits: ${JSON.stringify(menu)}`);
      await accessible(page, 'the menu');
      await shot(page, 'chosen-390');
      await mark(page, '공휴일').focus();
      await page.keyboard.press('Enter');
      assert.equal(await mark(page, '공휴일').evaluate((e) => e === document.activeElement), true, 'the focus stays');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: '도구: 고른 도구 1개' }).waitFor();
      await askAndWait(page, '/calc 12 곱하기 34');
      await lastAnswer(page).locator('details.fold', { hasText: '계산기' }).waitFor();
      await askAndWait(page, '/mail 김 대리에게'); // not chosen: there is nothing to ask about
      assert.equal(await page.getByRole('group', { name: /실행할까요/ }).count(), 0);
      assert.ok((await fake.requests()).length >= 2);
      await page.reload();
      await page.getByRole('button', { name: '도구: 고른 도구 1개' }).tap(); // the server has it
      await mark(page, '메일 보내기').tap();
      await page.keyboard.press('Escape');
      await ask(page, '/mail 이제');
      await page.getByRole('group', { name: /실행할까요/ }).getByRole('button', { name: '아니요' }).tap();
      await finished(page);
      await page.getByRole('button', { name: '도구: 고른 도구 2개' }).tap();
      await mark(page, '메일 보내기').tap();
      await mark(page, '계산기').tap(); // none is left
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: '도구: 사용 안 함' }).waitFor();
    },
  },
  {
    name: 'chosen: the settings say which tools, one that is gone is shown as gone',
    needsFake: true,
    async run({ visit, base, shot }) {
      const { page } = await visit();
      await ready(page);
      await page.keyboard.press('Control+,');
      await page.getByRole('group', { name: '도구', exact: true }).getByText('모두 사용').click();
      const picker = page.getByRole('group', { name: '쓸 도구' });
      await picker.getByLabel('메일 보내기').uncheck();
      await accessible(page, 'the settings');
      await shot(page, 'chosen-settings');
      await picker.getByRole('button', { name: '모두 고르기' }).waitFor();
      await page.keyboard.press('Escape');
      await askAndWait(page, '/mail 아직 없이');
      const card = page.getByRole('group', { name: /실행할까요/ });
      assert.equal(await card.count(), 0, 'a tool that is not chosen asks nothing');
      assert.doesNotMatch(await lastAnswer(page).innerText(), /허락하지 않아|보냈습니다/);
      await page.evaluate(async (url) => {
        const now = await (await fetch(`${url}/api/settings`)).json();
        delete now.$schema;
        await fetch(`${url}/api/settings`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ ...now, skill_names: ['old_tool', 'send_mail'] }) });
      }, base);
      await page.reload();
      await ready(page);
      await page.keyboard.press('Control+,');
      await picker.getByLabel('old_tool (지금은 없음)').click();
      await eventually(async () => (await picker.getByText('지금은 없음').count()) === 0, 'what is gone leaves the list');
      assert.equal(await picker.getByLabel('메일 보내기').isChecked(), true);
      await page.keyboard.press('Escape');
      await ask(page, '/mail 이제');
      await card.getByRole('button', { name: '아니요' }).click();
      await finished(page);
      await eventually(async () => /허락하지 않아/.test(await lastAnswer(page).innerText()), 'the refusal');
    },
  },
];
