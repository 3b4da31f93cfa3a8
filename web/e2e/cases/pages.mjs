// How the pages about people look, from a phone to a wide screen, light and dark.

import assert from 'node:assert/strict';
import { call, fine, passwords, question, withAdmin } from './peoplesteps.mjs';

const screens = [
  ['390', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 }],
  ['1440', { viewport: { width: 1440, height: 900 } }],
  ['1920', { viewport: { width: 1920, height: 1080 } }],
];

/** Some weeks of a small office. */
function someUsage(url) {
  const days = [];
  const now = Date.now() + 9 * 3_600_000;
  for (let i = 29; i >= 0; i--) {
    const d = new Date(now - i * 86_400_000);
    if (d.getUTCDay() % 6 === 0) continue;
    const n = 40 + ((i * 37) % 55);
    days.push({ day: d.toISOString().slice(0, 10), requests: n, prompt_tokens: n * 870, cached_tokens: 0, completion_tokens: n * 412, cost_krw: n * 3.7 });
  }
  const sum = (name, key, share) => ({ [key]: name, ...(key === 'name' && { id: name }), requests: Math.round(1400 * share), prompt_tokens: Math.round(1_218_000 * share), cached_tokens: 0, completion_tokens: Math.round(576_000 * share), cost_krw: 5180 * share });
  const body = {
    days, models: [sum('hyperclovax-seed-1.5b', 'model', 0.7), sum('kanana-nano-2.1b', 'model', 0.3)],
    quota: { tokens_per_day: 500_000, requests_per_day: 0, tokens_today: 212_400, requests_today: 88 },
  };
  if (url.includes('/admin/')) body.users = [['김하늘', 0.4], ['이바다', 0.25], ['박산', 0.2], ['최들', 0.15]].map(([n, s]) => sum(n, 'name', s));
  return body;
}

async function office(page) {
  const group = await call(page, 'POST', '/api/admin/groups', { name: '간호부', quota: { tokens_per_day: 500000, requests_per_day: -1 } });
  await call(page, 'POST', '/api/admin/groups', { name: '원무과', quota: { tokens_per_day: 0, requests_per_day: 0 } });
  const people = [['bada', '이바다', 'member'], ['san', '박산', 'reader'], ['deul', '최들', 'member'], ['gangmul', '정강물', 'member']];
  for (const [login, name, role] of people) {
    await call(page, 'POST', '/api/admin/users', { login, name, role, email: `${login}@example.com`, groups: role === 'member' ? [group.id] : [], password: passwords.other });
  }
  const { users } = await call(page, 'GET', '/api/admin/users');
  await call(page, 'PATCH', `/api/admin/users/${users.find((u) => u.login === 'gangmul').id}`, { disabled: true });
  await call(page, 'POST', '/api/admin/invitations', { name: '한별', email: 'byeol@example.com', role: 'member' });
  await call(page, 'POST', '/api/keys', { name: '사내 위키 봇', scopes: ['models'], expires: Date.now() + 90 * 86_400_000 });
  await call(page, 'POST', '/api/keys', { name: '보고서 스크립트', scopes: ['models', 'chats'] });
  await call(page, 'POST', '/api/prompts', { name: '회의록 정리', text: '다음 회의록을 {{형식}} 형식으로 정리하고, 할 일을 따로 뽑아 줘.\n\n{{회의록}}' });
  await call(page, 'POST', '/api/prompts', { name: '쉬운 말로', text: '{{글}}을 환자가 이해할 수 있게 쉬운 말로 바꿔 줘.' });
  await call(page, 'POST', '/api/presets', { name: '번역가', model: '', system: '의료 문서를 옮기는 전문 번역가입니다. 용어를 지킵니다.', tone: 'hapsyo', params: { temperature: 0.2 } });
  await call(page, 'POST', '/api/memories', { text: '저는 내과 병동의 간호사입니다.' });
  await call(page, 'POST', '/api/memories', { text: '설명은 짧고 표로 된 것이 좋습니다.', enabled: false });
  await question(page, '안녕하세요');
}

const pages = [
  '/settings/account', '/settings/devices', '/settings/keys', '/settings/usage', '/settings/answers', '/settings/prompts', '/settings/presets', '/settings/memory',
  '/admin/users', '/admin/invitations', '/admin/groups', '/admin/usage', '/admin/models', '/admin/health', '/admin/audit', '/admin/site',
];

/** A page may wait for several parts. */
const allLoaded = (page) => page.waitForFunction(() => document.querySelector('.skeleton') === null);

const english = {
  needsFake: true,
  name: 'pages: 390 px, English',
  async run(tools) {
    const { page } = await withAdmin(tools, '/', { ...screens[0][1], expectErrors: true });
    await office(page);
    await page.route(/\/api\/(admin\/)?usage\?/, (route) => route.fulfill({ json: someUsage(route.request().url()) }));
    await page.evaluate(() => localStorage.setItem('malmoi.settings', JSON.stringify({ language: 'en', noticeSeen: true, moved: true })));
    for (const path of pages) {
      await page.goto(tools.base + path);
      await page.locator('main h1').waitFor();
      await allLoaded(page);
      const korean = (await page.locator('main h1, main .lead, nav').allInnerTexts()).join(' ').match(/[가-힣]+/);
      assert.equal(korean, null, `${path}: ${korean}`);
      await fine(page, path);
      await tools.shot(page, `page${path.replaceAll('/', '-')}-390-english`);
    }
  },
};

export default [english, ...screens.flatMap(([width, screen]) =>
  ['light', 'dark'].map((colorScheme) => ({
    needsFake: true,
    name: `pages: ${width} px, ${colorScheme}`,
    async run(tools) {
      const { page } = await withAdmin(tools, '/', { ...screen, colorScheme, expectErrors: true }); // signing out cuts what is under way
      await office(page);
      await page.route(/\/api\/(admin\/)?usage\?/, (route) => route.fulfill({ json: someUsage(route.request().url()) }));
      for (const path of pages) {
        await page.goto(tools.base + path);
        await page.locator('main h1').waitFor();
        await allLoaded(page);
        assert.equal(await page.locator('[role=alert]').count(), 0, `${path}: no failures`);
        await fine(page, path);
        await tools.shot(page, `page${path.replaceAll('/', '-')}-${width}-${colorScheme}`);
      }
      await page.goto(`${tools.base}/admin/users`);
      await page.getByRole('button', { name: '이바다 관리하기' }).click();
      await page.getByRole('dialog').waitFor();
      await fine(page, 'user dialog');
      await tools.shot(page, `page-user-${width}-${colorScheme}`);
      await page.goto(`${tools.base}/`);
      await page.locator('#message').waitFor();
      if (width === '390') await page.getByRole('button', { name: '대화 목록 열기' }).click();
      await page.locator('.user-menu > .me').click();
      await page.waitForTimeout(300);
      await fine(page, 'user menu');
      await tools.shot(page, `page-menu-${width}-${colorScheme}`);
      await page.getByRole('menuitem', { name: '로그아웃' }).click();
      await page.getByRole('heading', { name: '로그인' }).waitFor();
      await fine(page, 'sign-in');
      await tools.shot(page, `page-signin-${width}-${colorScheme}`);
    },
  })),
)];
