// What the cases about people do again and again.

import assert from 'node:assert/strict';
import { accessible } from './axe.mjs';

export const passwords = { admin: '산토끼가-넘는-고개-12', member: '강가의-버드나무-34', other: '바람부는-언덕-위-56' };

/** Cases that begin with a site of their own, which only the scripted server gives. */
export const scripted = (cases) => cases.map((c) => ({ needsFake: true, ...c }));

/** A new site where nobody has an account. */
export async function empty(base, site = {}) {
  const r = await fetch(`${base}/test/reset`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ accounts: true, ...site }),
  });
  assert.equal(r.status, 200, 'reset');
}

/** One request of the person whose browser this is. */
export async function call(page, method, path, body) {
  const url = new URL(path, page.url()).href;
  const r = await page.context().request.fetch(url, {
    method, ...(body !== undefined && { data: body }), headers: { 'Content-Type': 'application/json' },
  });
  const text = await r.text();
  assert.ok(r.ok(), `${method} ${path}: ${r.status()} ${text.slice(0, 300)}`);
  return text === '' ? undefined : JSON.parse(text);
}

/** A site with an administrator, signed in. */
export async function withAdmin({ base, visit }, path = '/', options = {}, site = {}) {
  await empty(base, site);
  const made = await fetch(`${base}/api/setup`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ login: 'hanul', name: '김하늘', password: passwords.admin }),
  });
  assert.equal(made.status, 200, 'set-up');
  const cookie = made.headers.get('set-cookie').split(';')[0];
  await fetch(`${base}/api/session`, { method: 'DELETE', headers: { cookie } });
  const v = await visit({ path: '/login', ...options });
  await signIn(v.page, 'hanul', passwords.admin);
  if (path !== '/') await v.page.goto(base + path);
  return v;
}

export async function signIn(page, login, password) {
  await page.getByLabel('아이디', { exact: true }).fill(login);
  await page.getByLabel('비밀번호', { exact: true }).fill(password);
  await page.getByRole('button', { name: '로그인', exact: true }).click();
  await page.locator('#message').waitFor();
}

/** Another person with an account, in a browser of their own. */
export async function second(admin, { base, visit }, over = {}) {
  const made = await call(admin, 'POST', '/api/admin/users', {
    login: 'bada', name: '이바다', email: 'bada@example.com', role: 'member', password: passwords.member, ...over,
  });
  const v = await visit({ path: '/login', expectErrors: true });
  await signIn(v.page, made.login, over.password ?? passwords.member);
  return { ...v, user: made, base };
}

export async function menu(page, item) {
  await page.locator('.user-menu > .me').click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}

/** Asks a question through the API and waits for its answer. */
export async function question(page, text) {
  const chat = await call(page, 'POST', '/api/chats', {});
  await call(page, 'POST', `/api/chats/${chat.id}/messages`, { parent: '', content: text });
  for (let i = 0; i < 200; i++) {
    const { messages } = await call(page, 'GET', `/api/chats/${chat.id}`);
    if (messages.some((m) => m.role === 'assistant' && m.status === 'done')) return chat;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`no answer to ${text}`);
}

/** axe-core finds nothing serious, and nothing sticks out sideways. */
export async function fine(page, where) {
  await accessible(page, where);
  const over = await page.evaluate(() => {
    const all = [document.documentElement, ...document.querySelectorAll('.pages, dialog[open]')];
    return all.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => `${e.tagName}.${e.className} ${e.scrollWidth} > ${e.clientWidth}`);
  });
  assert.deepEqual(over, [], `${where}: sideways`);
}
