// The personal library: prompts, presets, memory, and how answers should be.

import assert from 'node:assert/strict';
import { call, fine, question, second, signIn, passwords, withAdmin, scripted } from './peoplesteps.mjs';
import { eventually } from './steps.mjs';

const state = async (base) => (await (await fetch(`${base}/test/state`)).json()).requests.filter((r) => !r.title);
const systemOf = (r) => r.messages.filter((m) => m.role === 'system').map((m) => m.content).join('\n');

export default scripted([
  {
    name: 'library: a prompt with blanks is written, found with a slash and filled in',
    async run(tools) {
      const { page } = await withAdmin(tools, '/settings/prompts');
      await page.getByText('저장한 프롬프트가 없습니다.').waitFor();
      await fine(page, 'no prompts');
      await page.getByRole('button', { name: '새 프롬프트' }).click();
      await page.getByLabel('이름', { exact: true }).fill('회의록 정리');
      await page.getByLabel('내용', { exact: true }).fill('다음 회의록을 {{형식}}으로 정리해 줘.\n\n{{회의록}}');
      await page.getByText('빈칸: 형식, 회의록').waitFor();
      await fine(page, 'prompt dialog');
      await tools.shot(page, 'library-prompt-edit');
      await page.getByRole('button', { name: '저장' }).click();
      await page.locator('.rows').getByText('회의록 정리').waitFor();
      await call(page, 'POST', '/api/prompts', { name: '번역', text: '한국어로 옮겨 줘:' });

      await page.getByRole('link', { name: '대화로 돌아가기' }).click();
      const box = page.locator('#message');
      await box.click();
      await page.keyboard.type('/');
      await page.getByRole('option').first().waitFor();
      assert.equal(await page.getByRole('option').count(), 2);
      await fine(page, 'prompt menu');
      await tools.shot(page, 'library-menu');
      await page.keyboard.type('번역');
      await eventually(async () => (await page.getByRole('option').count()) === 1, 'one match');
      await page.keyboard.press('Enter');
      await eventually(async () => (await box.inputValue()) === '한국어로 옮겨 줘:', 'inserted');
      assert.equal(await page.locator('article.answer').count(), 0, 'not sent');

      await box.fill('');
      await page.keyboard.type('/회의');
      await page.getByRole('option').first().waitFor();
      await page.keyboard.press('Tab');
      const form = page.getByRole('dialog');
      await form.getByLabel('형식').fill('표');
      await form.getByLabel('회의록').fill('{{형식}} 이야기');
      await fine(page, 'blanks');
      await tools.shot(page, 'library-blanks');
      await form.getByRole('button', { name: '넣기' }).click();
      assert.equal(await box.inputValue(), '다음 회의록을 표으로 정리해 줘.\n\n{{형식}} 이야기');
      await box.fill('');
      await page.keyboard.type('/');
      await page.getByRole('option').first().waitFor();
      await page.keyboard.press('Escape');
      assert.equal(await page.getByRole('option').count(), 0);
      assert.equal(await box.inputValue(), '/');
    },
  },
  {
    name: 'library: prompts are changed, deleted and brought back, and are nobody else\'s',
    async run(tools) {
      const { page } = await withAdmin(tools);
      for (const name of ['하나', '둘', '셋']) await call(page, 'POST', '/api/prompts', { name, text: `${name}의 글` });
      await page.goto(`${tools.base}/settings/prompts`);
      await page.getByRole('button', { name: '둘 고치기' }).click();
      await page.getByLabel('이름', { exact: true }).fill('두울');
      await page.getByRole('button', { name: '저장' }).click();
      await page.getByRole('button', { name: '두울 삭제' }).click();
      await page.getByText('“두울”을 삭제했습니다.').waitFor();
      assert.equal((await call(page, 'GET', '/api/prompts')).prompts.length, 2);
      await page.getByRole('button', { name: '되돌리기' }).click();
      await eventually(async () => (await call(page, 'GET', '/api/prompts')).prompts.some((p) => p.name === '두울'), 'back');
      await page.getByRole('searchbox', { name: '찾기' }).fill('셋');
      await eventually(async () => (await page.locator('.rows > li').count()) === 1, 'found');
      const other = await second(page, tools);
      assert.deepEqual((await call(other.page, 'GET', '/api/prompts')).prompts, []);
    },
  },
  {
    name: 'library: presets keep model, tone, instructions and sampling',
    async run(tools) {
      const { page } = await withAdmin(tools, '/settings/presets');
      await page.getByRole('button', { name: '새 프리셋' }).click();
      await page.getByLabel('이름', { exact: true }).fill('번역가');
      await page.getByRole('radio', { name: /합니다체/ }).check();
      await page.getByLabel('지시', { exact: true }).fill('전문 번역가입니다.');
      await page.getByText('세부 조정').click();
      await page.getByLabel(/온도/).fill('0.3');
      await page.getByLabel(/답변의 최대 토큰/).fill('300');
      await fine(page, 'preset dialog');
      await tools.shot(page, 'library-preset');
      await page.getByRole('button', { name: '저장' }).click();
      await page.getByRole('button', { name: '번역가 고치기' }).waitFor();
      const [saved] = (await call(page, 'GET', '/api/presets')).presets;
      assert.equal(saved.tone, 'hapsyo');
      assert.equal(saved.system, '전문 번역가입니다.');
      assert.ok(Math.abs(saved.params.temperature - 0.3) < 1e-6);
      assert.equal(saved.params.max_tokens, 300);
      await page.getByRole('button', { name: '번역가 고치기' }).click();
      assert.equal(await page.getByLabel('지시', { exact: true }).inputValue(), '전문 번역가입니다.');
      await page.getByRole('radio', { name: /그대로/ }).check();
      await page.getByRole('button', { name: '저장' }).click();
      await eventually(async () => (await call(page, 'GET', '/api/presets')).presets[0].tone === '', 'tone gone');

      await page.getByRole('link', { name: '대화로 돌아가기' }).click();
      await page.getByLabel('프리셋').selectOption({ label: '번역가' });
      await page.locator('#message').fill('옮겨 주세요');
      await page.keyboard.press('Enter');
      await page.locator('article.answer[data-status=done]').waitFor();
      const asked = (await state(tools.base)).at(-1);
      assert.match(systemOf(asked), /전문 번역가입니다/);
      assert.ok(Math.abs(asked.temperature - 0.3) < 1e-6, `temperature ${asked.temperature}`);
      await page.reload();
      await eventually(async () => (await page.getByLabel('프리셋').inputValue()) === saved.id, 'kept with the chat');
      await page.getByLabel('프리셋').selectOption({ label: '프리셋 없음' });
      await eventually(async () => (await call(page, 'GET', '/api/chats')).chats[0].preset === '', 'taken off');
      await tools.shot(page, 'library-preset-chat');
    },
  },
  {
    name: 'library: memory is told to the model, until it is switched off',
    async run(tools) {
      const { base, shot } = tools;
      const { page } = await withAdmin(tools, '/settings/memory');
      const add = async (text) => {
        await page.getByLabel('기억할 것').fill(text);
        await page.keyboard.press('Enter');
        await page.locator('.rows').getByText(text).waitFor();
      };
      await add('저는 간호사입니다.');
      await add('회계 연도는 4월에 시작합니다.');
      await question(page, '나는 누구');
      let system = systemOf((await state(base)).at(-1));
      assert.match(system, /간호사/);
      assert.match(system, /4월/);
      await page.getByRole('switch', { name: /간호사/ }).uncheck();
      await page.getByText('2개 중 1개 사용').waitFor();
      await fine(page, 'memory');
      await shot(page, 'library-memory');
      await question(page, '나는 누구');
      system = systemOf((await state(base)).at(-1));
      assert.doesNotMatch(system, /간호사/);
      await page.getByRole('button', { name: '회계 연도는 4월에 시작합니다. 고치기' }).click();
      await page.getByRole('textbox', { name: '고치기' }).fill('회계 연도는 7월에 시작합니다.');
      await page.keyboard.press('Enter');
      await page.getByText('회계 연도는 7월에 시작합니다.').waitFor();
      await page.getByRole('switch', { name: /기억 사용/ }).uncheck();
      await eventually(async () => (await call(page, 'GET', '/api/settings')).memory === false, 'saved');
      await question(page, '나는 누구');
      assert.doesNotMatch(systemOf((await state(base)).at(-1)), /7월/);
      await page.getByRole('button', { name: '저는 간호사입니다. 삭제' }).click();
      await page.getByRole('button', { name: '되돌리기' }).click();
      await eventually(async () => {
        const { memories } = await call(page, 'GET', '/api/memories');
        return memories.length === 2 && memories.some((m) => m.text === '저는 간호사입니다.' && !m.enabled);
      }, 'back, and still off');
    },
  },
  {
    name: 'library: who may only read is offered nothing to change',
    async run(tools) {
      const { page: admin } = await withAdmin(tools);
      const { page } = await second(admin, tools, { role: 'reader' });
      for (const path of ['prompts', 'presets', 'memory']) {
        await page.goto(`${tools.base}/settings/${path}`);
        await page.locator('.skeleton').waitFor({ state: 'detached' });
        assert.equal(await page.locator('main .button.primary').count(), 0, path);
      }
      await page.goto(`${tools.base}/settings/answers`);
      await page.getByText('읽기 전용 계정이라 바꿀 수 없습니다.').waitFor();
      assert.ok(await page.getByRole('radio', { name: /해요체/ }).isDisabled());
    },
  },
  {
    name: 'library: how answers should be is the same on every device',
    async run(tools) {
      const { base } = tools;
      const { page } = await withAdmin(tools, '/settings/answers');
      await page.getByRole('radio', { name: /해요체/ }).check();
      await page.getByLabel('지시', { exact: true }).fill('두 문장으로 답해 주세요.');
      await fine(page, 'answers');
      await eventually(async () => {
        const s = await call(page, 'GET', '/api/settings');
        return s.tone === 'haeyo' && s.system === '두 문장으로 답해 주세요.';
      }, 'saved');
      const phone = await tools.visit({ path: '/login', viewport: { width: 390, height: 844 } });
      await signIn(phone.page, 'hanul', passwords.admin);
      await phone.page.goto(`${base}/settings/answers`);
      await eventually(async () => (await phone.page.getByLabel('지시', { exact: true }).inputValue()) === '두 문장으로 답해 주세요.', 'there, too');
      assert.equal(await phone.page.getByRole('radio', { name: /해요체/ }).isChecked(), true);
      await question(phone.page, '날씨');
      assert.match(systemOf((await state(base)).at(-1)), /두 문장으로/);
      assert.match(systemOf((await state(base)).at(-1)), /해요체/);
    },
  },
]);
