// Accounts: the first one, invitations, signing in and out, devices, keys, usage.

import assert from 'node:assert/strict';
import { call, empty, fine, menu, passwords, question, second, signIn, withAdmin, scripted } from './peoplesteps.mjs';
import { eventually, ready } from './steps.mjs';

export default scripted([
  {
    name: 'people: set-up, invitation, joining, a new role, and the end of a session',
    async run(tools) {
      const { base, visit, shot } = tools;
      await empty(base);
      const { page: admin } = await visit({ expectErrors: true });
      await admin.getByRole('heading', { name: '말모이를 시작합니다' }).waitFor();
      await fine(admin, 'set-up');
      await admin.getByLabel('이름', { exact: true }).fill('김하늘');
      await admin.getByLabel('아이디', { exact: true }).fill('hanul');
      await admin.getByLabel('비밀번호', { exact: true }).fill('짧다');
      await admin.getByRole('button', { name: '관리자 계정 만들기' }).click();
      await admin.getByText('비밀번호는 10자 이상이어야 합니다.').waitFor();
      assert.equal(await admin.getByLabel('비밀번호', { exact: true }).getAttribute('aria-invalid'), 'true');
      await shot(admin, 'people-setup');
      await admin.getByLabel('비밀번호', { exact: true }).fill(passwords.admin);
      await admin.getByRole('button', { name: '관리자 계정 만들기' }).click();
      await admin.locator('#message').waitFor();

      await menu(admin, '관리');
      await admin.getByRole('button', { name: '초대하기' }).click();
      await admin.getByRole('dialog').getByLabel('이름').fill('이바다');
      await fine(admin, 'invitation dialog');
      await admin.getByRole('button', { name: '링크 만들기' }).click();
      const link = await admin.getByLabel('초대 링크').inputValue();
      assert.match(link, /\/invite\/[\w-]{20,}$/);
      await admin.getByRole('button', { name: '복사', exact: true }).click();
      assert.equal(await admin.evaluate(() => navigator.clipboard.readText()), link);
      await shot(admin, 'people-invite');
      await admin.getByRole('dialog').getByRole('button', { name: '닫기' }).last().click();

      const { page: member } = await visit({ path: new URL(link).pathname, expectErrors: true });
      await member.getByRole('heading', { name: '초대를 받았습니다' }).waitFor();
      assert.equal(await member.getByLabel('이름', { exact: true }).inputValue(), '이바다');
      await fine(member, 'invitation page');
      await shot(member, 'people-join');
      await member.getByLabel('아이디', { exact: true }).fill('Bada');
      await member.getByLabel('비밀번호', { exact: true }).fill(passwords.member);
      await member.getByRole('button', { name: '계정 만들고 들어가기' }).click();
      await member.locator('#message').waitFor();
      assert.equal(new URL(member.url()).pathname, '/');
      const { page: late } = await visit({ path: new URL(link).pathname, expectErrors: true });
      await late.getByRole('heading', { name: '쓸 수 없는 초대입니다' }).waitFor();

      await menu(member, '로그아웃');
      await member.getByRole('heading', { name: '로그인' }).waitFor();
      await member.getByLabel('아이디', { exact: true }).fill('bada');
      await member.getByLabel('비밀번호', { exact: true }).fill('아닌-비밀번호-인걸');
      await member.getByRole('button', { name: '로그인', exact: true }).click();
      await member.getByRole('alert').filter({ hasText: '아이디나 비밀번호가 맞지 않습니다.' }).waitFor();
      await fine(member, 'sign-in');
      await shot(member, 'people-signin-wrong');
      await signIn(member, 'bada', passwords.member);

      await admin.reload();
      await admin.getByRole('button', { name: '이바다 관리하기' }).click();
      await admin.getByRole('radio', { name: /읽기 전용/ }).click();
      await admin.getByText('바꾸었습니다.').waitFor();
      assert.equal(await admin.getByRole('radio', { name: /읽기 전용/ }).isChecked(), true);
      await shot(admin, 'people-role');
      await member.reload();
      await member.locator('.user-menu').getByText('읽기 전용').waitFor();
      await admin.getByRole('radio', { name: /구성원/ }).click();
      await eventually(async () => (await call(member, 'GET', '/api/me')).role === 'member', 'a member again');
      await member.reload();

      await member.locator('#message').fill('아직 보내지 않은 글');
      await admin.getByRole('button', { name: '모든 기기에서 로그아웃' }).click();
      await admin.getByRole('alertdialog').waitFor();
      await fine(admin, 'confirmation');
      await shot(admin, 'people-confirm');
      await admin.getByRole('alertdialog').getByRole('button', { name: '모든 기기에서 로그아웃' }).click();
      const again = member.getByRole('dialog');
      await again.getByText('쓰던 글은 그대로 있습니다.').waitFor({ timeout: 15_000 });
      await fine(member, 'session ended');
      await shot(member, 'people-ended');
      await again.getByLabel('비밀번호', { exact: true }).fill(passwords.member);
      await again.getByRole('button', { name: '로그인', exact: true }).click();
      await again.waitFor({ state: 'hidden' });
      assert.equal(await member.locator('#message').inputValue(), '아직 보내지 않은 글');
      await member.locator('#message').press('Enter');
      await member.locator('article.answer').waitFor();
    },
  },
  {
    name: 'people: guessing passwords is slowed down, with the seconds to wait',
    async run(tools) {
      const { page: admin } = await withAdmin(tools);
      await admin.close();
      const { page } = await tools.visit({ path: '/login', expectErrors: true });
      await page.getByLabel('아이디', { exact: true }).fill('hanul');
      const button = page.locator('form .primary');
      for (let i = 0; i < 20 && !/뒤에/.test(await button.innerText()); i++) {
        await page.getByLabel('비밀번호', { exact: true }).fill(`틀린-비밀번호-${i}`);
        await button.click();
        await eventually(async () => !/잠시만/.test(await button.innerText()), 'an answer');
      }
      await page.getByText('너무 여러 번 시도했습니다.').waitFor();
      assert.ok(await button.isDisabled());
      const first = Number(/\d+/.exec(await button.innerText())[0]);
      await eventually(async () => Number(/\d+/.exec(await button.innerText())?.[0] ?? 0) < first, 'counting down');
      await tools.shot(page, 'people-wait');
    },
  },
  {
    name: 'people: devices are listed and ended one by one or all together',
    async run(tools) {
      const { page } = await withAdmin(tools, '/settings/devices');
      const phone = await tools.visit({
        path: '/login', expectErrors: true, viewport: { width: 390, height: 844 },
        userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1',
      });
      await signIn(phone.page, 'hanul', passwords.admin);
      await page.reload();
      await page.getByText('Safari · iPhone').waitFor();
      assert.equal(await page.locator('.rows > li').count(), 2);
      assert.match(await page.locator('.rows > li').first().innerText(), /지금 이 기기/);
      await page.getByRole('button', { name: 'Safari · iPhone 로그아웃' }).click();
      await page.getByText('그 기기를 로그아웃했습니다.').waitFor();
      assert.equal(await page.locator('.rows > li').count(), 1);
      await phone.page.getByText('쓰던 글은 그대로 있습니다.').waitFor({ timeout: 15_000 });
      await page.getByRole('button', { name: '모든 기기에서 로그아웃' }).click();
      await page.getByRole('alertdialog').getByRole('button', { name: '모든 기기에서 로그아웃' }).click();
      await page.getByRole('heading', { name: '로그인' }).waitFor();
    },
  },
  {
    name: 'people: an API key is shown once, works, and stops when revoked',
    async run(tools) {
      const { base, shot } = tools;
      const { page } = await withAdmin(tools, '/settings/keys');
      await page.getByText('아직 API 키가 없습니다.').waitFor();
      await fine(page, 'no keys');
      await shot(page, 'people-keys-empty');
      await page.getByRole('button', { name: '새 키 만들기' }).click();
      await page.getByLabel('이름', { exact: true }).fill('사내 위키 봇');
      await fine(page, 'new key');
      await shot(page, 'people-key-new');
      await page.getByRole('button', { name: '만들기', exact: true }).click();
      const key = await page.getByRole('textbox', { name: '사내 위키 봇', exact: true }).inputValue();
      assert.match(key, /^sk-malmoi-/);
      await shot(page, 'people-key-made');
      await page.getByRole('button', { name: '보관했습니다' }).click();
      assert.ok(!(await page.content()).includes(key), 'no trace of the key');
      const use = () => fetch(`${base}/v1/models`, { headers: { Authorization: `Bearer ${key}` } });
      assert.equal((await use()).status, 200);
      await page.reload();
      await page.getByText('마지막 사용').waitFor();
      await page.getByRole('button', { name: '사내 위키 봇 폐기' }).click();
      await page.getByRole('alertdialog').getByRole('button', { name: '폐기' }).click();
      await page.getByText('키를 폐기했습니다.').waitFor();
      await page.getByText('아직 API 키가 없습니다.').waitFor();
      assert.equal((await use()).status, 401);
    },
  },
  {
    name: 'people: name and password can be changed, the old one must be known',
    async run(tools) {
      const { page } = await withAdmin(tools, '/settings/account', { expectErrors: true });
      await page.getByLabel('이름', { exact: true }).fill('김하늘새');
      await page.getByRole('button', { name: '저장' }).click();
      await page.getByText('저장했습니다.').waitFor();
      await page.getByLabel('지금 비밀번호', { exact: true }).fill('이건-아닙니다-절대');
      await page.getByLabel('새 비밀번호', { exact: true }).fill(passwords.other);
      await page.getByRole('button', { name: '비밀번호 바꾸기' }).click();
      await page.getByText('지금 비밀번호가 맞지 않습니다.').waitFor();
      await fine(page, 'account');
      await page.getByLabel('지금 비밀번호', { exact: true }).fill(passwords.admin);
      await page.getByRole('button', { name: '비밀번호 바꾸기' }).click();
      await page.getByText('비밀번호를 바꾸었습니다.').waitFor();
      await page.getByRole('link', { name: '대화로 돌아가기' }).click();
      await page.locator('.user-menu').getByText('김하늘새').waitFor();
      await menu(page, '로그아웃');
      await signIn(page, 'hanul', passwords.other);
    },
  },
  {
    name: 'people: what was used is shown by day, as a chart and a table',
    async run(tools) {
      const { page } = await withAdmin(tools);
      await question(page, '안녕하세요');
      await menu(page, '사용량');
      const chart = page.getByRole('img', { name: /날짜별 토큰/ });
      await chart.waitFor();
      await chart.focus();
      await page.keyboard.press('End');
      await page.getByText(/읽은 토큰 [1-9]/).waitFor();
      await page.getByText('표로 보기').click();
      const today = page.locator('details tbody tr').first();
      assert.match(await today.innerText(), /\d+월 \d+일\s+1\s+[1-9]/);
      await page.getByRole('radio', { name: '비용' }).check();
      await page.getByRole('img', { name: /날짜별 비용/ }).waitFor();
      await fine(page, 'usage');
    },
  },
  {
    name: 'people: the user menu works by keyboard, and only administrators have the administration',
    async run(tools) {
      const { page: admin } = await withAdmin(tools);
      const { page } = await second(admin, tools);
      const me = page.locator('.user-menu > .me');
      await me.focus();
      await page.keyboard.press('Enter');
      await page.getByRole('menuitem', { name: '계정' }).waitFor();
      await eventually(() => page.evaluate(() => document.activeElement?.textContent === '계정'), 'focus in the menu');
      await page.keyboard.press('ArrowUp');
      assert.equal(await page.evaluate(() => document.activeElement?.textContent), '로그아웃');
      assert.equal(await page.getByRole('menuitem', { name: '관리', exact: true }).count(), 0);
      await fine(page, 'menu');
      await page.keyboard.press('Escape');
      assert.equal(await page.evaluate(() => document.activeElement?.className.includes('me')), true);
      await page.goto(`${tools.base}/admin/users`);
      await page.getByRole('link', { name: /홈|대화|처음/ }).waitFor();
      assert.equal(await page.getByRole('heading', { name: '사용자' }).count(), 0);
    },
  },
  {
    name: 'people: other ways to sign in, and what went wrong on the way back',
    async run(tools) {
      await empty(tools.base);
      const { page } = await tools.visit({ expectErrors: true });
      const door = { mode: 'accounts', setup: false, user: null, oidc: [{ id: 'office', name: '사내 로그인' }], ldap: true, version: 'x' };
      await page.route('**/api/session', (route) => route.fulfill({ json: door }));
      await page.route('**/api/oidc/**', (route) => route.fulfill({ contentType: 'text/html', body: '<p>provider</p>' }));
      await page.goto(`${tools.base}/login?error=forbidden`);
      await page.getByText('이 계정으로는 들어올 수 없습니다.').waitFor();
      await page.getByText('회사 계정(디렉터리)으로도 로그인할 수 있습니다.').waitFor();
      await fine(page, 'other ways');
      await tools.shot(page, 'people-oidc');
      await page.getByRole('button', { name: '사내 로그인으로 로그인' }).click();
      await page.waitForURL('**/api/oidc/office/start');
      await page.goto(`${tools.base}/login?error=%3Cimg%20src=x%3E`);
      await page.getByText('로그인 서비스에서 돌아오는 중에 문제가 생겼습니다.').waitFor();
    },
  },
  {
    name: 'people: an ended session can be put aside and is asked for again',
    async run(tools) {
      const { page } = await withAdmin(tools, '/', { expectErrors: true });
      await ready(page);
      const asked = () => performance.getEntriesByName(`${location.origin}/api/presets`).length > 0;
      await eventually(() => page.evaluate(asked), 'the page at rest'); // a request under way would notice first
      await page.locator('#message').fill('한 글자도 잃지 않기');
      await page.context().clearCookies();
      await page.locator('#message').press('Enter');
      const again = page.getByRole('dialog');
      await again.getByText('쓰던 글은 그대로 있습니다.').waitFor();
      await page.keyboard.press('Escape');
      await again.waitFor({ state: 'hidden' });
      await page.locator('.bubble').getByText('한 글자도 잃지 않기').waitFor();
      await page.getByRole('button', { name: '대화 찾기' }).first().click();
      await page.getByPlaceholder('모든 대화에서 찾을 말').fill('한글'); // the palette loads when it is first opened
      await again.getByText('쓰던 글은 그대로 있습니다.').waitFor();
      await again.getByLabel('비밀번호', { exact: true }).fill(passwords.admin);
      await again.getByRole('button', { name: '로그인', exact: true }).click();
      await page.locator('article.answer').waitFor();
      const { chats } = await call(page, 'GET', '/api/chats');
      assert.equal(chats.length, 1, 'asked once');
    },
  },
  {
    name: 'people: personal mode has no accounts, and still a library',
    async run(tools) {
      await fetch(`${tools.base}/test/reset`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ accounts: false }),
      });
      const { page } = await tools.visit();
      await page.locator('#message').waitFor();
      assert.equal(await page.locator('.user-menu').count(), 0);
      await page.keyboard.press('Control+,');
      await page.getByRole('link', { name: '말투와 기본 모델' }).click();
      await page.getByRole('radio', { name: /해요체/ }).check();
      assert.equal(await page.getByRole('link', { name: 'API 키' }).count(), 0);
      await fine(page, 'personal');
      await page.goto(`${tools.base}/settings/account`);
      await page.waitForURL('**/settings/usage');
      await page.goto(`${tools.base}/admin/users`);
      await page.getByRole('link', { name: /홈|대화|처음/ }).waitFor();
    },
  },
  {
    name: 'people: English, from the door on',
    async run(tools) {
      await empty(tools.base);
      const { page } = await tools.visit();
      await page.getByRole('button', { name: 'English' }).click();
      await page.getByRole('heading', { name: 'Welcome to malmoi' }).waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
      await page.getByLabel('Name', { exact: true }).fill('Haneul');
      await page.getByLabel('Login', { exact: true }).fill('haneul');
      await page.getByLabel('Password', { exact: true }).fill('a-quiet-river-bends');
      await page.getByRole('button', { name: 'Create the administrator' }).click();
      await page.locator('#message').waitFor();
      await page.goto(`${tools.base}/admin/audit`);
      await page.getByRole('cell', { name: 'set the site up' }).waitFor();
      await tools.shot(page, 'people-english');
    },
  },
]);
