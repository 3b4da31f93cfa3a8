// A model of another server beside one of ours, and what administrators see of
// servers and of memory. The other server is a second malmoi on a port of its
// own, joined as 'serve --upstream' joins one; see e2e/server/far.go.

import assert from 'node:assert/strict';
import { call, fine, scripted, second, withAdmin } from './peoplesteps.mjs';
import { eventually, ready } from './steps.mjs';

const far = 'gpu/haechi-70b';
const key = 'sk-far-canary-5520'; // to the other server: nobody may see it
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2, colorScheme: 'dark' };

const column = (page, i) => page.locator(`.column[data-column="${i}"]`);
const answer = (page, i) => column(page, i).locator('article.answer');
const statusOf = (page, i) => answer(page, i).getAttribute('data-status');
const words = (page, i) => answer(page, i).innerText();
const note = (page) => page.getByRole('note');

/** Compares the default model with the one of the other server. */
async function withFar(page) {
  await ready(page);
  await page.getByRole('button', { name: /^모델 고르기/ }).click();
  await page.getByRole('button', { name: /두 모델 비교하기/ }).click();
  await page.getByRole('button', { name: /^비교할 모델 고르기/ }).click();
  await page.locator(`[data-model="${far}"]`).click();
  await page.getByRole('button', { name: '비교할 모델 고르기: 해치 70B' }).waitFor();
}

async function ask(page, text) {
  await page.fill('#message', text);
  await page.press('#message', 'Enter');
  await answer(page, 1).waitFor({ state: 'attached' });
}

const both = (page, status) => eventually(
  async () => (await statusOf(page, 0)) === status && (await statusOf(page, 1)) === status, `two answers that are ${status}`, 30_000);

/** What the server has of the answer in a column. */
async function kept(page, i) {
  const { messages } = await call(page, 'GET', `/api/chats/${new URL(page.url()).pathname.split('/').at(-1)}`);
  const id = await answer(page, i).getAttribute('data-message');
  return messages.find((m) => m.id === id).content;
}

/** The page never shows the key or the address of the other server to who only chats. */
async function secretKept(page) {
  const html = await page.content();
  assert.doesNotMatch(html, /sk-far-canary/);
  assert.doesNotMatch(await page.locator('main').innerText(), /127\.0\.0\.1:\d+\/v1/);
}

export default scripted([
  {
    name: 'upstream: two columns stream, one from another server, and a vote stays',
    site: { upstream: { mask: true } },
    async run({ visit, fake, base, shot }) {
      const { page } = await visit();
      await ready(page);
      assert.equal(await note(page).count(), 0, 'nothing leaves while no model is elsewhere');
      await page.getByRole('button', { name: /^모델 고르기/ }).click();
      assert.match(await page.locator(`[data-model="${far}"]`).innerText(), /다른 서버[\s\S]*다른 서버\(gpu\)에서 실행됩니다/);
      await page.keyboard.press('Escape');
      await withFar(page);
      assert.match(await note(page).innerText(), /다른 서버\(gpu\)로 보내집니다\..*가리고 보냅니다/);
      await shot(page, 'upstream-before');
      await ask(page, '/slow 김하늘 010-1234-5678, 901231-1234567 번으로 연락해 줘');
      await eventually(async () => (await Promise.all([0, 1].map((i) => statusOf(page, i)))).every((s) => s === 'live')
        && /질문\(question\)/.test(await words(page, 0)) && /질문\(question\)/.test(await words(page, 1)), 'both columns stream at once');
      await shot(page, 'upstream-streaming');
      await both(page, 'done');
      assert.match(await column(page, 1).getByRole('heading').innerText(), /해치 70B\s*다른 서버/);
      assert.doesNotMatch(await column(page, 0).getByRole('heading').innerText(), /다른 서버/);
      const [here] = await fake.requests();
      const [there] = await fake.upstreamRequests();
      assert.match(here.messages.at(-1).content, /010-1234-5678, 901231-1234567/, 'nothing is hidden on this machine');
      assert.match(there.messages.at(-1).content, /^\/slow 김하늘 /);
      assert.doesNotMatch(there.messages.at(-1).content, /1234-5678|1234567/, 'personal numbers do not leave');
      assert.deepEqual([here.model, there.model], ['qwen2.5-coder-1.5b', 'haechi-70b']);
      await fine(page, 'a comparison with another server');
      await page.getByRole('button', { name: '오른쪽이 좋음' }).click();
      await page.getByText('고른 답', { exact: true }).waitFor();
      await page.reload();
      await column(page, 1).getByText('고른 답', { exact: true }).waitFor();
      const votes = (await (await page.request.get(`${base}/api/preferences/export`)).text()).trim().split('\n').map((l) => JSON.parse(l));
      assert.equal(votes.length, 1);
      assert.deepEqual(votes[0].models, [far, 'qwen2.5-coder-1.5b']);
      await secretKept(page);
    },
  },
  {
    name: 'upstream: the other server dies in the middle, the rest goes on, and it is taken up again',
    site: { upstream: {} },
    async run({ visit, fake, base, shot }) {
      const { page } = await visit();
      await withFar(page);
      await ask(page, '/slow 도중에 끊기는 이야기를 길게 이어서 해 줘. 그리고 그다음 이야기도 이어서 해 줘.');
      await eventually(async () => /질문\(question\)/.test(await words(page, 1)), 'the beginning from the other server');
      const before = (await words(page, 0)).length;
      await fake.upstream(true);
      const alert = answer(page, 1).getByRole('alert');
      await alert.waitFor();
      assert.match(await alert.innerText(), /다른 서버\(gpu\)가 답을 마치지 못했습니다\. 다시 시도하거나 다른 모델을 골라 주세요\./);
      assert.equal(await statusOf(page, 1), 'error');
      assert.match(await words(page, 1), /질문\(question\)/, 'what came stays');
      assert.equal(await statusOf(page, 0), 'live', 'ours goes on');
      await shot(page, 'upstream-died');
      await eventually(async () => (await statusOf(page, 0)) === 'done', 'ours ends', 30_000);
      assert.ok((await words(page, 0)).length > before + 20, 'ours went on after the other one had died');
      await fine(page, 'a column that failed');
      await alert.getByText('자세히').click();
      assert.match(await alert.innerText(), /upstream gpu: stopped in the middle of an answer/);
      await secretKept(page);
      await fake.upstream(false);
      const half = await kept(page, 1);
      await column(page, 1).getByRole('button', { name: '이어서 쓰기' }).click();
      await both(page, 'done');
      assert.equal(await alert.count(), 0);
      const whole = await kept(page, 1);
      assert.ok(half.length > 5 && whole.startsWith(half) && whole.length > half.length + 20, `it has gone on: ${half} | ${whole}`);
      assert.match((await fake.upstreamRequests()).at(-1).messages.at(-1).content, /끊긴 곳의 다음 글자부터/);
      assert.equal(await page.locator('.column').count(), 2, 'still side by side');
      await page.getByRole('button', { name: '비슷함' }).click();
      await page.getByText('고맙습니다').waitFor();
      const votes = (await (await page.request.get(`${base}/api/preferences/export`)).text()).trim().split('\n');
      assert.equal(votes.length, 1);
    },
  },
  {
    name: 'upstream: one that is not there says so, and answers when it is back, on a phone in the dark',
    site: { upstream: { mask: true } },
    async run({ visit, fake, shot }) {
      const { page } = await visit(phone);
      await withFar(page);
      assert.match(await note(page).innerText(), /다른 서버\(gpu\)로 보내집니다/);
      const box = await note(page).boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= 390, 'the note is on the screen');
      await fine(page, 'before asking, on a phone');
      await shot(page, 'upstream-before-390');
      await fake.upstream(true);
      await ask(page, '거기 있나요?');
      await eventually(async () => (await statusOf(page, 0)) === 'done' && (await statusOf(page, 1)) === 'error', 'one answer and one failure', 30_000);
      assert.equal(await page.locator('.column:visible').count(), 1);
      const tab = page.getByRole('tab', { name: /해치 70B/ });
      assert.match(await tab.innerText(), /다른 서버/);
      await tab.click();
      await answer(page, 1).getByRole('alert').getByText(/다른 서버\(gpu\)가 답을 마치지 못했습니다/).waitFor();
      await fine(page, 'a failed column on a phone');
      await shot(page, 'upstream-gone-390');
      await page.reload();
      await page.getByRole('tab', { name: /해치 70B/ }).click();
      await answer(page, 1).getByRole('alert').waitFor(); // it belongs to the server
      await fake.upstream(false);
      await answer(page, 1).getByRole('button', { name: '다시 시도' }).click();
      await both(page, 'done');
      assert.match(await words(page, 1), /거기 있나요\?/);
      assert.match(await words(page, 1), /AI가 생성한 답변[\s\S]*다른 서버/);
      assert.equal(await page.locator('.column').count(), 2);
      await shot(page, 'upstream-back-390');
    },
  },
  {
    name: 'upstream: without masking the page does not claim it, in English too',
    site: { upstream: {} },
    async run({ visit, fake }) {
      const { page } = await visit({ settings: { language: 'en' } });
      await ready(page);
      await page.getByRole('button', { name: /^Choose a model/ }).click();
      await page.locator(`[data-model="${far}"]`).click();
      const said = await note(page).innerText();
      assert.match(said, /sent to another server \(gpu\)/);
      assert.doesNotMatch(said, /hidden/);
      await page.fill('#message', 'call 010-1234-5678');
      await page.press('#message', 'Enter');
      await eventually(async () => (await page.locator('article.answer').last().getAttribute('data-status')) === 'done', 'the answer', 20_000);
      assert.match((await fake.upstreamRequests())[0].messages.at(-1).content, /010-1234-5678/);
      assert.match(await page.locator('article.answer').last().innerText(), /another server/);
    },
  },
  {
    name: 'upstream: administrators see how other servers are, and never a key',
    async run(tools) {
      const { page } = await withAdmin(tools, '/admin/health', { expectErrors: true }, { upstream: { mask: true } });
      const part = page.getByRole('region', { name: '다른 서버' });
      await part.getByText('응답함').waitFor();
      assert.match(await part.innerText(), /gpu\s*개인정보 가림[\s\S]*모델 1개 · 켜진 뒤 요청 0개[\s\S]*http:\/\/127\.0\.0\.1:\d+\/v1/);
      await fine(page, 'a server that works');
      await tools.shot(page, 'admin-upstreams');
      await tools.fake.upstream(true);
      for (const q of ['하나', '둘']) {
        const chat = await call(page, 'POST', '/api/chats', { model: far });
        await call(page, 'POST', `/api/chats/${chat.id}/messages`, { parent: '', content: q });
        await eventually(async () => (await call(page, 'GET', `/api/chats/${chat.id}`)).messages.some((m) => m.status === 'error'), 'a failed answer');
      }
      await part.getByText('응답 없음').waitFor({ timeout: 15_000 });
      await part.getByText('잠시 쉼').waitFor({ timeout: 15_000 });
      const told = await part.innerText();
      assert.match(told, /요청 2개, 실패 2개/);
      assert.match(told, /마지막 오류\(방금\).*cannot be reached/);
      await fine(page, 'a server that is gone');
      await tools.shot(page, 'admin-upstreams-gone');
      await page.setViewportSize(phone.viewport);
      await page.emulateMedia({ colorScheme: 'dark' });
      await fine(page, 'a server that is gone, on a phone in the dark');
      await part.scrollIntoViewIfNeeded();
      await tools.shot(page, 'admin-upstreams-390');
      const json = JSON.stringify(await call(page, 'GET', '/api/admin/upstreams'));
      for (const text of [json, await page.content()]) assert.ok(!text.includes(key), 'the key is shown');
      await tools.fake.upstream(false);
      await part.getByText('응답함').waitFor({ timeout: 20_000 });
      const member = await second(page, tools);
      for (const path of ['/api/admin/upstreams', '/api/admin/pool']) {
        assert.equal((await member.page.request.get(`${tools.base}${path}`)).status(), 403, path);
      }
    },
  },
  {
    name: 'upstream: administrators see what is in memory, and take out what nobody uses',
    async run(tools) {
      const { page } = await withAdmin(tools, '/admin/models', { expectErrors: true }, { pool: true, upstream: {} });
      const part = page.getByRole('region', { name: '메모리에 있는 모델' });
      await part.getByText('지금은 메모리에 있는 모델이 없습니다.').waitFor();
      assert.match(await part.innerText(), /2개까지 중 0개/);
      assert.match(await page.getByRole('row', { name: /해치 70B/ }).innerText(), /다른 서버\(gpu\)/);
      const chat = await call(page, 'POST', '/api/chats', { title: '긴 이야기' });
      const { answers } = await call(page, 'POST', `/api/chats/${chat.id}/messages`, { parent: '', content: '/long 이야기' });
      const out = part.getByRole('button', { name: /qwen2\.5-coder-1\.5b.* 메모리에서 내리기/ });
      await out.waitFor({ timeout: 15_000 });
      assert.ok(await out.isDisabled(), 'one that answers stays');
      assert.match(await part.innerText(), /2개까지 중 1개 · 6\.0 GB 중 약 1\.0 GB[\s\S]*요청 1개가 쓰는 중/);
      const refused = await page.request.post(`${tools.base}/api/admin/pool/unload`, { data: { model: 'qwen2.5-coder-1.5b' } });
      assert.equal(refused.status(), 409);
      await fine(page, 'the pool');
      await tools.shot(page, 'admin-pool');
      await page.setViewportSize(phone.viewport);
      await page.emulateMedia({ colorScheme: 'dark' });
      await fine(page, 'the pool on a phone in the dark');
      await tools.shot(page, 'admin-pool-390');
      await call(page, 'POST', `/api/messages/${answers[0].id}/stop`);
      await eventually(() => out.isEnabled(), 'nobody uses it', 15_000);
      await out.click();
      await page.getByText('메모리에서 내렸습니다. 질문이 오면 다시 올립니다.').waitFor();
      await part.getByText('지금은 메모리에 있는 모델이 없습니다.').waitFor();
      assert.deepEqual((await call(page, 'GET', '/api/admin/pool')).models, []);
      await page.goto(`${tools.base}/admin/audit`);
      await page.getByRole('row', { name: /모델을 메모리에서 내림/ }).waitFor();
      const again = await call(page, 'POST', `/api/chats/${chat.id}/messages`, { parent: '', content: '다시' });
      await eventually(async () => (await call(page, 'GET', `/api/chats/${chat.id}`)).messages.some((m) => m.id === again.answers[0].id && m.status === 'done'), 'an answer from a model that is loaded again');
      assert.equal((await call(page, 'GET', '/api/admin/pool')).models.length, 1);
    },
  },
]);
