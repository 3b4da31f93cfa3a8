// How it looks, from a phone to a wide screen, and whether all can use it.

import assert from 'node:assert/strict';
import { accessible } from './axe.mjs';
import { askAndWait, eventually, ready } from './steps.mjs';

/** Fails on what is serious; returns a line for each lesser thing. */
async function usable(page, where) {
  return (await accessible(page, where)).map((v) => `${v.id} (${v.impact})`);
}

/** Nothing may stick out sideways. */
async function fits(page, where) {
  const over = await page.evaluate(() => {
    const out = [];
    if (document.documentElement.scrollWidth > innerWidth) out.push(`page ${document.documentElement.scrollWidth}`);
    const scroller = document.querySelector('.scroller');
    if (scroller && scroller.scrollWidth > scroller.clientWidth + 1) out.push(`conversation ${scroller.scrollWidth} > ${scroller.clientWidth}`);
    return out;
  });
  assert.deepEqual(over, [], where);
}

const screens = [
  ['390', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 }],
  ['1440', { viewport: { width: 1440, height: 900 } }],
  ['1920', { viewport: { width: 1920, height: 1080 } }],
];

export default [
  ...screens.flatMap(([width, screen]) =>
    ['light', 'dark'].map((colorScheme) => ({
      name: `look: ${width} px, ${colorScheme}`,
      async run({ visit, shot, fake }) {
        const { page } = await visit({ ...screen, colorScheme });
        await ready(page);
        await fits(page, 'empty');
        const notes = new Set(await usable(page, 'empty'));
        await shot(page, `empty-${width}-${colorScheme}`);
        await askAndWait(page, fake ? '/showcase' : '한글이 무엇인지 설명해 줘.');
        if (fake) await page.waitForFunction(() => document.querySelector('.katex') && document.querySelector('.hljs-keyword'));
        await fits(page, 'answer');
        for (const n of await usable(page, 'answer')) notes.add(n);
        await shot(page, `answer-end-${width}-${colorScheme}`);
        await page.evaluate(() => (document.querySelector('.scroller').scrollTop = 0));
        await page.waitForTimeout(150);
        await shot(page, `answer-top-${width}-${colorScheme}`);
        await page.keyboard.press('Control+,');
        await page.getByRole('dialog').waitFor();
        for (const n of await usable(page, 'settings')) notes.add(n);
        await shot(page, `settings-${width}-${colorScheme}`);
        await page.keyboard.press('Escape');
        if (width === '390') {
          await page.getByRole('button', { name: '대화 목록 열기' }).click();
          await page.waitForTimeout(300);
          for (const n of await usable(page, 'drawer')) notes.add(n);
          await shot(page, `drawer-${width}-${colorScheme}`);
        }
        return [...notes].join(', ');
      },
    })),
  ),
  {
    name: 'look: the phone drawer closes by its shade and by choosing',
    async run({ visit }) {
      const { page } = await visit(screens[0][1]);
      await askAndWait(page, '서랍');
      const open = page.getByRole('button', { name: '대화 목록 열기' });
      await open.click();
      await page.locator('.shade').click({ position: { x: 370, y: 400 } });
      await page.locator('.shade').waitFor({ state: 'detached' });
      await open.click();
      await page.getByRole('link', { name: '서랍' }).click();
      await page.locator('.shade').waitFor({ state: 'detached' });
    },
  },
  {
    name: 'look: without a network the shell opens and says so, and keeps nothing of a chat',
    needsFake: true,
    async run({ visit, shot }) {
      const { page, context } = await visit({ serviceWorkers: 'allow', expectErrors: true });
      await askAndWait(page, '비밀 이야기');
      await page.evaluate(() => navigator.serviceWorker.ready);
      await eventually(() => page.evaluate(async () => (await caches.keys()).length === 1), 'the shell is kept');
      await context.setOffline(true);
      await page.reload();
      await page.getByText('서버에 연결할 수 없습니다.', { exact: false }).first().waitFor();
      await shot(page, 'offline-shell');
      const kept = await page.evaluate(async () => {
        const out = [];
        for (const k of await caches.keys()) for (const r of await (await caches.open(k)).keys()) out.push(new URL(r.url).pathname);
        return out;
      });
      assert.ok(kept.length > 3 && kept.every((p) => p === '/' || /^\/(assets\/|icon|boot\.js|manifest)/.test(p)), kept.join());
      await context.setOffline(false);
      await page.getByText('비밀 이야기').first().waitFor({ timeout: 20_000 });
    },
  },
  {
    name: 'look: print shows the whole chat without the frame',
    needsFake: true,
    async run({ visit, shot }) {
      const { page } = await visit();
      await askAndWait(page, '/showcase');
      await page.emulateMedia({ media: 'print' });
      assert.equal(await page.locator('aside').isVisible(), false);
      assert.equal(await page.locator('.dock').isVisible(), false);
      assert.ok(await page.evaluate(() => document.documentElement.scrollHeight > innerHeight), 'nothing is cut off');
      await shot(page, 'print');
    },
  },
  {
    name: 'look: every panel and menu is accessible',
    needsFake: true,
    async run({ visit, shot }) {
      const { page } = await visit({ colorScheme: 'dark' });
      await askAndWait(page, '창 보기');
      const notes = new Set();
      for (const [open, label] of [['Control+k', '대화 찾기'], ['Shift+?', '단축키']]) {
        await page.evaluate(() => document.activeElement.blur());
        await page.keyboard.press(open);
        await page.getByRole('dialog', { name: label }).waitFor();
        for (const n of await usable(page, label)) notes.add(n);
        await shot(page, `panel-${label}-dark`);
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      }
      await page.getByRole('button', { name: '새 폴더' }).click();
      for (const n of await usable(page, 'folder')) notes.add(n);
      await page.keyboard.press('Escape');
      for (const item of ['보관한 대화', '내보내기와 가져오기']) {
        await page.getByRole('button', { name: '더 보기' }).click();
        for (const n of await usable(page, 'menu')) notes.add(n);
        await page.getByRole('menuitem', { name: item }).click();
        await page.getByRole('dialog', { name: item }).waitFor();
        for (const n of await usable(page, item)) notes.add(n);
        await shot(page, `panel-${item}-dark`);
        await page.keyboard.press('Escape');
      }
      return [...notes].join(', ');
    },
  },
  {
    name: 'look: the page can be installed',
    async run({ base, visit }) {
      const { page } = await visit();
      const manifest = await (await fetch(`${base}/manifest.webmanifest`)).json();
      assert.equal(manifest.name, '말모이');
      for (const icon of manifest.icons) {
        const r = await fetch(base + icon.src);
        assert.equal(r.headers.get('content-type'), icon.type, icon.src);
      }
      assert.equal(await page.evaluate(() => document.querySelector('link[rel=manifest]').href), `${base}/manifest.webmanifest`);
    },
  },
];
