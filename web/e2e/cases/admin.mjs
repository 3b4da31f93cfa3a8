// Administration: people, groups, limits, usage, the audit log, health, settings.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { call, fine, question, second, withAdmin, scripted } from './peoplesteps.mjs';
import { eventually } from './steps.mjs';

const yes = (page, name) => page.getByRole('alertdialog').getByRole('button', { name }).click();

export default scripted([
  {
    name: 'admin: groups give limits, and a used-up limit is told',
    async run(tools) {
      const { page } = await withAdmin(tools, '/admin/groups');
      await page.getByRole('button', { name: '새 그룹' }).click();
      await page.getByLabel('이름', { exact: true }).fill('간호부');
      await page.getByLabel('요청', { exact: true }).selectOption('limit');
      await page.getByLabel('하루 한도 요청').fill('영');
      await page.getByText('1 이상의 숫자를 적어 주세요.').waitFor();
      assert.ok(await page.getByRole('button', { name: '저장' }).isDisabled());
      await page.getByLabel('하루 한도 요청').fill('1');
      await fine(page, 'group dialog');
      await page.getByRole('button', { name: '저장' }).click();
      await page.getByText('하루 토큰 따로 없음, 요청 1').waitFor();
      const member = await second(page, tools);
      await page.getByRole('link', { name: '사용자', exact: true }).click();
      await page.getByRole('button', { name: '이바다 관리하기' }).click();
      await page.getByRole('checkbox', { name: '간호부' }).check();
      await eventually(async () => (await call(member.page, 'GET', '/api/me')).groups[0]?.name === '간호부', 'in the group');
      await tools.shot(page, 'admin-user');
      await question(member.page, '첫 질문');
      await member.page.goto(`${tools.base}/settings/usage`);
      await member.page.getByText('오늘의 한도를 모두 썼습니다.').waitFor();
      await tools.shot(member.page, 'admin-quota-full');
      await page.keyboard.press('Escape');
      await page.getByRole('link', { name: '그룹', exact: true }).click();
      await page.getByText('1명').waitFor();
      await page.getByRole('button', { name: '간호부 삭제' }).click();
      await yes(page, '삭제');
      await page.getByText('아직 그룹이 없습니다.').waitFor();
    },
  },
  {
    name: 'admin: an account is made, disabled, given a password and deleted',
    async run(tools) {
      const { page } = await withAdmin(tools, '/admin/users', { expectErrors: true });
      await page.getByRole('button', { name: '계정 만들기' }).click();
      await page.getByLabel('이름', { exact: true }).fill('박산');
      await page.getByLabel('아이디', { exact: true }).fill('산 사람');
      await page.getByRole('button', { name: '만들기', exact: true }).click();
      await page.getByText('아이디에는 영문, 숫자, 한글과').waitFor();
      await page.getByLabel('아이디', { exact: true }).fill('산');
      await page.getByRole('button', { name: '만들기', exact: true }).click();
      const first = await page.getByLabel('비밀번호', { exact: true }).inputValue();
      assert.match(first, /^(\w{4}-){3}\w{4}$/);
      await page.getByRole('dialog').getByRole('button', { name: '닫기' }).last().click();
      const person = await tools.visit({ path: '/login', expectErrors: true });
      const enter = async (password) => {
        await person.page.getByLabel('아이디', { exact: true }).fill('산');
        await person.page.getByLabel('비밀번호', { exact: true }).fill(password);
        await person.page.getByRole('button', { name: '로그인', exact: true }).click();
      };
      await enter(first);
      await person.page.locator('#message').waitFor();

      await page.getByRole('button', { name: '박산 관리하기' }).click();
      await page.getByRole('button', { name: '새 비밀번호 주기' }).click();
      await yes(page, '새 비밀번호 주기');
      const next = await page.getByLabel('새 비밀번호').inputValue();
      assert.notEqual(next, first);
      await person.page.getByText('쓰던 글은 그대로 있습니다.').waitFor({ timeout: 15_000 });
      await person.page.goto(`${tools.base}/login`);
      await enter(first);
      await person.page.getByText('아이디나 비밀번호가 맞지 않습니다.').waitFor();
      await enter(next);
      await person.page.locator('#message').waitFor();

      const active = page.getByRole('switch', { name: /사용 허용/ });
      await active.click();
      await page.getByRole('alertdialog').getByRole('button', { name: '취소' }).click();
      assert.equal(await active.isChecked(), true, 'nothing happened');
      await active.click();
      await yes(page, '사용 중지');
      await page.getByText('바꾸었습니다.').waitFor();
      assert.equal(await active.isChecked(), false);
      await person.page.getByText('쓰던 글은 그대로 있습니다.').waitFor({ timeout: 15_000 });
      await page.getByRole('button', { name: '계정 삭제' }).click();
      await yes(page, '계정 삭제');
      await page.getByText('“박산”을 삭제했습니다.').waitFor();
      assert.equal(await page.getByRole('button', { name: '박산 관리하기' }).count(), 0);
    },
  },
  {
    name: 'admin: the last administrator stays, and a refused change goes back',
    async run(tools) {
      const { page } = await withAdmin(tools, '/admin/users', { expectErrors: true });
      await page.getByRole('button', { name: '김하늘 관리하기' }).click();
      await page.getByRole('radio', { name: /구성원/ }).click();
      await yes(page, '내려놓기');
      await page.getByText('마지막 관리자는 바꾸거나 지울 수 없습니다.').waitFor();
      assert.equal(await page.getByRole('radio', { name: /관리자/ }).isChecked(), true);
      assert.ok(await page.getByRole('button', { name: '계정 삭제' }).isDisabled());
    },
  },
  {
    name: 'admin: five hundred people are found and paged quickly',
    async run(tools) {
      const { page } = await withAdmin(tools);
      // Accounts without a password of their own would take a second each to hash: the list comes from here.
      const users = Array.from({ length: 500 }, (_, i) => ({
        id: `u${i}`, login: `user${i}`, name: `사람 ${String(i).padStart(3, '0')}`, email: '', role: i % 9 ? 'member' : 'admin', disabled: i % 50 === 7,
        groups: [], external: '', created: 1, seen: i % 2 ? Date.now() - i * 3_600_000 : 0, quota: { tokens_per_day: 0, requests_per_day: 0 },
      }));
      await page.route('**/api/admin/users', (route) => route.fulfill({ json: { users } }));
      await page.goto(`${tools.base}/admin/users`);
      await page.getByText('500명').waitFor();
      assert.equal(await page.locator('tbody tr').count(), 50);
      await page.getByRole('button', { name: '다음' }).click();
      await page.getByText('사람 050').waitFor();
      await tools.shot(page, 'admin-users-many');
      const started = Date.now();
      await page.getByRole('searchbox').fill('499');
      await page.getByText('1명').waitFor();
      assert.ok(Date.now() - started < 1500, `search took ${Date.now() - started} ms`);
      await page.getByRole('searchbox').fill('없는사람');
      await page.getByText('찾는 사용자가 없습니다.').waitFor();
    },
  },
  {
    name: 'admin: usage of everybody, as a file for spreadsheets',
    async run(tools) {
      const { page } = await withAdmin(tools);
      const member = await second(page, tools, { name: '=위험한,"이름"' });
      await question(member.page, '하나');
      await question(page, '둘');
      await page.goto(`${tools.base}/admin/usage`);
      await page.getByRole('region', { name: '사용자별' }).waitFor();
      const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV로 받기' }).click()]);
      assert.match(file.suggestedFilename(), /^malmoi-usage-\d{4}-\d\d-\d\d\.csv$/);
      const text = await readFile(await file.path(), 'utf8');
      assert.match(text, /^\ufeff구분,이름,요청/);
      assert.match(text, /사용자,"'=위험한,""이름""",1,/);
      assert.match(text, /사용자,김하늘,1,/);
      await fine(page, 'usage of the site');
    },
  },
  {
    name: 'admin: the audit log is filtered, paged and exported',
    async run(tools) {
      const { page } = await withAdmin(tools);
      for (let i = 0; i < 60; i++) await call(page, 'POST', '/api/admin/groups', { name: `그룹 ${i}` });
      await page.goto(`${tools.base}/admin/audit`);
      const rows = page.locator('tbody tr');
      await eventually(async () => (await rows.count()) === 50, 'the first page');
      await page.getByRole('button', { name: '더 보기' }).click();
      await eventually(async () => (await rows.count()) > 60, 'the next page');
      await fine(page, 'audit');
      await page.getByLabel('한 일로 거르기').selectOption('session.sign_in');
      await eventually(async () => (await rows.count()) === 2, 'the two sign-ins');
      assert.match(await rows.first().innerText(), /김하늘[\s\S]*로그인[\s\S]*127\.0\.0\.1/);
      await page.getByLabel('한 일로 거르기').selectOption('data.');
      await page.getByText('조건에 맞는 기록이 없습니다.').waitFor();
      const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '내보내기' }).click()]);
      const lines = (await readFile(await file.path(), 'utf8')).trim().split('\n').map((l) => JSON.parse(l));
      assert.ok(lines.length >= 62, `${lines.length} lines`);
    },
  },
  {
    name: 'admin: models, health and settings of the site',
    async run(tools) {
      const { page } = await withAdmin(tools, '/admin/models');
      await page.locator('tbody tr').first().waitFor();
      await fine(page, 'models');
      await page.getByRole('link', { name: '상태', exact: true }).click();
      await page.getByText('SQLite').waitFor();
      await page.getByText('정상').waitFor();
      await fine(page, 'health');
      await page.getByRole('link', { name: '사이트 설정' }).click();
      const rate = page.getByLabel('시간당 요금 (원)');
      await rate.fill('-5');
      await page.getByText('0 이상의 숫자를 적어 주세요.').waitFor();
      await rate.fill('1,200');
      await page.getByLabel('토큰', { exact: true }).selectOption('limit');
      await page.getByLabel('하루 한도 토큰').fill('500000');
      await fine(page, 'site settings');
      await page.getByRole('button', { name: '저장' }).click();
      await page.getByText('저장했습니다.').waitFor();
      const saved = await call(page, 'GET', '/api/admin/settings');
      assert.deepEqual([saved.krw_per_hour, saved.default_quota.tokens_per_day], [1200, 500000]);
      await question(page, '비용이 드는 질문');
      const { days } = await call(page, 'GET', '/api/usage?days=1');
      assert.ok(days[0].cost_krw > 0);
      await page.getByLabel('욕설').selectOption('strict');
      await page.getByRole('radio', { name: '받지 않음' }).check();
      await page.getByRole('button', { name: '저장' }).click();
      await eventually(async () => (await call(page, 'GET', '/api/admin/settings')).signup === 'closed', 'closed');
      const { filter } = await call(page, 'GET', '/api/admin/settings');
      assert.deepEqual(filter, { profanity: 'strict', hate: 'low', sexual: 'low', judge: false });
    },
  },
  {
    name: 'admin: an invitation is taken back',
    async run(tools) {
      const { page } = await withAdmin(tools, '/admin/invitations');
      await page.getByText('보낸 초대가 없습니다.').waitFor();
      await page.getByRole('button', { name: '초대하기' }).click();
      await page.getByRole('dialog').getByLabel('이름').fill('정들');
      await page.getByRole('button', { name: '링크 만들기' }).click();
      const link = await page.getByLabel('초대 링크').inputValue();
      await page.getByRole('dialog').getByRole('button', { name: '닫기' }).last().click();
      await page.getByText('기다리는 중').waitFor();
      await tools.shot(page, 'admin-invitations');
      await page.getByRole('button', { name: '정들 초대 취소' }).click();
      await page.getByText('초대를 취소했습니다.').waitFor();
      const { page: late } = await tools.visit({ path: new URL(link).pathname, expectErrors: true });
      await late.getByRole('heading', { name: '쓸 수 없는 초대입니다' }).waitFor();
    },
  },
  {
    name: 'admin: a server that does not answer is told, and asked again',
    async run(tools) {
      const { page } = await withAdmin(tools, '/', { expectErrors: true });
      let down = true;
      await page.route('**/api/admin/groups', (route) => (down ? route.abort() : route.continue()));
      await page.goto(`${tools.base}/admin/groups`);
      await page.getByRole('alert').filter({ hasText: '서버에 연결할 수 없습니다' }).waitFor();
      await fine(page, 'failure');
      await tools.shot(page, 'admin-failure');
      down = false;
      await page.getByRole('button', { name: '다시 시도' }).click();
      await page.getByText('아직 그룹이 없습니다.').waitFor();
    },
  },
]);
