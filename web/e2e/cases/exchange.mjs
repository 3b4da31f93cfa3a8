// Finding, sharing, taking out and bringing in.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { xssCorpus } from '../texts.mjs';
import { answers, askAndWait, eventually, ready } from './steps.mjs';

const chatGPT = [
  {
    title: '가져온 대화', create_time: 1700000000, update_time: 1700000100, current_node: 'b',
    mapping: {
      root: { id: 'root', message: null, parent: null, children: ['a'] },
      a: { id: 'a', parent: 'root', children: ['b'], message: { id: 'a', author: { role: 'user' }, create_time: 1700000001, content: { content_type: 'text', parts: ['두루미는 어디서 겨울을 나나요?'] } } },
      b: { id: 'b', parent: 'a', children: [], message: { id: 'b', author: { role: 'assistant' }, create_time: 1700000002, content: { content_type: 'text', parts: ['철원에서 겨울을 납니다.'] }, metadata: { model_slug: 'gpt-4' } } },
    },
  },
];

async function openData(page) {
  await page.getByRole('button', { name: '더 보기' }).click();
  await page.getByRole('menuitem', { name: '내보내기와 가져오기' }).click();
  return page.getByRole('dialog', { name: '내보내기와 가져오기' });
}

const bring = (page, name, text) => page.locator('dialog input[type=file]').setInputFiles([{ name, mimeType: 'application/json', buffer: Buffer.from(text) }]);

export default [
  {
    name: 'search: two syllables inside a word are found, marked, and lead to the message',
    needsFake: true,
    async run({ visit, shot }) {
      const { page } = await visit();
      await askAndWait(page, '국립국어원의 표준국어대사전은 무엇인가요?');
      await askAndWait(page, '다음 질문');
      await page.keyboard.press('Control+Shift+O');
      await askAndWait(page, '점심 추천');
      await page.keyboard.press('Control+k');
      const box = page.getByRole('combobox', { name: '대화 찾기' });
      await box.waitFor();
      await box.fill('국어');
      const hit = page.getByRole('option').filter({ has: page.locator('.snippet') }).first();
      await hit.waitFor();
      assert.ok((await page.locator('.snippet mark').allInnerTexts()).every((x) => x === '국어'));
      await shot(page, 'search');
      await box.press('Enter');
      await eventually(async () => (await page.locator('.bubble').allInnerTexts()).some((x) => x.includes('표준국어대사전')), 'the chat');
      await box.waitFor({ state: 'detached' });
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').fill('없는낱말');
      await page.getByText('찾는 말이 들어 있는 대화가 없습니다.').waitFor();
      await page.keyboard.press('Escape');
    },
  },
  {
    name: 'search: a hit far up in a long chat is scrolled to and shown',
    needsFake: true,
    async run({ visit }) {
      const { page } = await visit();
      await ready(page);
      await page.evaluate(async () => {
        const messages = Array.from({ length: 300 }, (_, i) => ({
          id: `m${i}`, parent: i === 0 ? '' : `m${i - 1}`, role: i % 2 === 0 ? 'user' : 'assistant', created: 1000 + i, status: 'done',
          content: i === 61 ? '두루미 이야기\n\n- 하나' : `${i}번째 줄입니다. `.repeat(1 + (i % 9)),
        }));
        const chat = { id: 'x', title: '긴 글', created: 1, updated: 2, leaf: 'm299', messages };
        await fetch('/api/import', { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: JSON.stringify({ format: 'malmoi.chats', version: 1, exported: 1, note: '', chats: [chat] }) });
      });
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').fill('두루미');
      await page.getByRole('option').filter({ has: page.locator('mark') }).first().click();
      await page.waitForFunction(() => {
        const row = [...document.querySelectorAll('.row')].find((r) => r.textContent.includes('두루미'));
        const box = row?.getBoundingClientRect();
        return box && box.top > 0 && box.bottom < innerHeight && row.querySelector('article');
      });
    },
  },
  {
    name: 'share: a link is made, read by a stranger, stays as it was, and is revoked',
    needsFake: true,
    async run({ visit, base, shot }) {
      const { page } = await visit();
      await askAndWait(page, '나눌 이야기');
      await page.getByRole('button', { name: '이 대화' }).click();
      await page.getByRole('menuitem', { name: '링크로 공유' }).click();
      const dialog = page.getByRole('dialog', { name: '링크로 공유' });
      await dialog.getByLabel('열 수 있는 기간').selectOption('30');
      await dialog.getByRole('button', { name: '링크 만들기' }).click();
      const link = await dialog.getByLabel('공유 링크').inputValue();
      assert.match(link, new RegExp(`^${base}/s/`));
      await eventually(async () => (await page.evaluate(() => navigator.clipboard.readText())) === link, 'copied');
      await shot(page, 'share');
      await page.keyboard.press('Escape');
      await askAndWait(page, '나중에 덧붙인 말');
      const stranger = (await visit({ path: new URL(link).pathname, expectErrors: true })).page;
      await stranger.getByRole('heading', { name: '나눌 이야기' }).waitFor();
      assert.deepEqual(await stranger.locator('.bubble').allInnerTexts(), ['나눌 이야기']);
      assert.equal(await stranger.locator('#message').count(), 0);
      assert.equal(await stranger.getByText('생성형 인공지능', { exact: false }).count(), 1);
      await shot(stranger, 'shared-page');
      await page.getByRole('button', { name: '이 대화' }).click();
      await page.getByRole('menuitem', { name: '링크로 공유' }).click();
      await page.getByRole('button', { name: '끊기' }).click();
      await page.getByText('링크를 끊었습니다', { exact: false }).waitFor();
      await stranger.reload();
      await stranger.getByText('없거나 기한이 지난 링크입니다.').waitFor();
    },
  },
  {
    name: 'exchange: a ChatGPT file comes in once, everything goes out and in again, files of a chat in three forms',
    needsFake: true,
    async run({ visit, fake, shot }) {
      const { page } = await visit({ expectErrors: true });
      await ready(page);
      let dialog = await openData(page);
      await bring(page, 'conversations.json', JSON.stringify(chatGPT));
      await dialog.getByText('대화 1개(메시지 2개)를 가져왔습니다.').waitFor();
      await bring(page, 'conversations.json', JSON.stringify(chatGPT));
      await dialog.getByText('1개는 가져오지 못했습니다').waitFor();
      await shot(page, 'import');
      const [file] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('link', { name: '모두 내보내기(JSON)' }).click()]);
      const everything = await readFile(await file.path(), 'utf8');
      await page.keyboard.press('Escape');
      await page.getByRole('link', { name: '가져온 대화' }).click();
      await eventually(async () => (await answers(page).allInnerTexts()).join().includes('철원에서'), 'the imported answer');
      for (const [form, pattern] of [['마크다운으로 내보내기', /철원에서 겨울을 납니다\./], ['HTML로 내보내기', /AI가 생성한 답변/], ['JSON으로 내보내기', /"malmoi\.chats"/]]) {
        await page.getByRole('button', { name: '이 대화' }).click();
        await page.getByRole('menuitem', { name: '내보내기' }).click();
        const [one] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: form }).click()]);
        assert.match(await readFile(await one.path(), 'utf8'), pattern, form);
      }
      await fake.reset();
      await page.goto(new URL('/', page.url()).href);
      await ready(page);
      dialog = await openData(page);
      await bring(page, 'malmoi.json', everything);
      await dialog.getByText('대화 1개(메시지 2개)를 가져왔습니다.').waitFor();
      await bring(page, 'broken.json', '{oops');
      await dialog.getByRole('alert').waitFor();
    },
  },
  {
    name: 'exchange: chats of the old page are offered once and moved',
    needsFake: true,
    async run({ visit }) {
      const { page } = await visit();
      await ready(page);
      await page.evaluate(() => new Promise((resolve, reject) => {
        const open = indexedDB.open('malmoi', 1);
        open.onupgradeneeded = () => {
          open.result.createObjectStore('chats', { keyPath: 'id' });
          open.result.createObjectStore('messages', { keyPath: 'id' }).createIndex('chat', 'chat');
        };
        open.onerror = () => reject(open.error);
        open.onsuccess = () => {
          const t = open.result.transaction(['chats', 'messages'], 'readwrite');
          t.objectStore('chats').put({ id: 'a'.repeat(32), title: '옛 대화', created: 1, updated: 2, model: 'm', leaf: 'a1' });
          t.objectStore('messages').put({ id: 'q1', chat: 'a'.repeat(32), parent: '', role: 'user', content: '옛 질문', created: 1 });
          t.objectStore('messages').put({ id: 'a1', chat: 'a'.repeat(32), parent: 'q1', role: 'assistant', content: '옛 답', created: 2, status: 'live' });
          t.oncomplete = () => (open.result.close(), resolve());
        };
      }));
      await page.reload();
      await page.getByText('이 브라우저의 대화 1개를 서버로 옮길까요?').waitFor();
      await page.getByRole('button', { name: '옮기기' }).click();
      await page.getByRole('link', { name: '옛 대화' }).click();
      await eventually(async () => (await answers(page).allInnerTexts()).join().includes('옛 답'), 'the old answer');
      await page.reload();
      await ready(page);
      await page.waitForTimeout(500);
      assert.equal(await page.getByText('서버로 옮길까요?', { exact: false }).count(), 0);
    },
  },
  {
    name: 'hostile: the corpus through titles, folders, files, search and the shared page stays text',
    needsFake: true,
    async run({ visit }) {
      const { page } = await visit({ expectErrors: true });
      await ready(page);
      const paths = await page.evaluate(async (payloads) => {
        const call = async (method, path, body) => {
          const r = await fetch(path, { method, headers: { 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
          if (!r.ok) throw new Error(`${path} ${r.status} ${await r.text()}`);
          return r.status === 204 ? {} : r.json();
        };
        const out = [];
        for (const [i, p] of payloads.entries()) {
          const folder = await call('POST', '/api/folders', { name: p.replaceAll('\u0000', '').slice(0, 100) || 'x', instructions: p.replaceAll('\u0000', '') });
          await fetch(`/api/folders/${folder.id}/files?name=${encodeURIComponent(p.replaceAll('\u0000', '').slice(0, 60))}`, { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: p });
          const body = { format: 'malmoi.chats', version: 1, exported: 1, note: '', chats: [{ id: `c${i}`, title: p, created: 1, updated: 2 + i, leaf: `a${i}`, messages: [
            { id: `q${i}`, parent: '', role: 'user', content: `두루미 ${p}`, created: 1, status: 'done' },
            { id: `a${i}`, parent: `q${i}`, role: 'assistant', content: `두루미 ${p}`, reasoning: p, model: p, created: 2, status: 'error', failure: { kind: 'server', detail: p, retry_after: 0 }, tool_calls: [{ id: '1', name: p, arguments: p, result: p }] },
          ] }] };
          await fetch('/api/import', { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: JSON.stringify(body) });
        }
        const { chats } = await (await fetch('/api/chats?limit=200')).json();
        for (const c of chats.slice(0, 12)) out.push((await call('POST', `/api/chats/${c.id}/shares`, {})).path, `/c/${c.id}`);
        return out;
      }, xssCorpus.slice(0, 24));
      assert.ok(paths.length >= 20, `${paths.length} pages`);
      const clean = async (where) => {
        assert.equal(await page.evaluate(() => window.pwned), undefined, where);
        assert.equal(await page.locator(':is(#app, dialog) :is(img, iframe, object, embed, svg[onload], script, style, base, meta, link)').count(), 0, where);
        for (const href of await page.locator('a').evaluateAll((all) => all.map((a) => a.href))) assert.match(href, /^(https?:|mailto:)/, where);
      };
      await page.reload();
      await ready(page);
      await clean('the side bar');
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').fill('두루미');
      await page.locator('.snippet mark').first().waitFor();
      await clean('search');
      await page.keyboard.press('Escape');
      for (const path of paths) {
        await page.goto(new URL(path, page.url()).href);
        await page.locator('article').first().waitFor();
        await page.locator('details').first().waitFor();
        await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
        await clean(path);
      }
    },
  },
];
