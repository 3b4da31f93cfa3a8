// What every case does with the page.

import assert from 'node:assert/strict';

export const answers = (page) => page.locator('article.answer');
export const lastAnswer = (page) => answers(page).last();

/** Waits until nothing is being written. */
export async function finished(page, timeout = 120_000) {
  await page.locator('article.answer').last().waitFor({ timeout });
  await page.waitForFunction(() => {
    const all = document.querySelectorAll('article.answer');
    const last = all[all.length - 1];
    return last && last.dataset.status !== 'live';
  }, undefined, { timeout });
}

export async function ready(page) {
  await page.waitForFunction(() => document.querySelector('.picker button')?.disabled === false);
}

export async function ask(page, text) {
  await ready(page);
  const before = await answers(page).count();
  await page.fill('#message', text);
  await page.press('#message', 'Enter');
  await page.waitForFunction((n) => document.querySelectorAll('article.answer').length > n, before);
}

export async function askAndWait(page, text, timeout) {
  await ask(page, text);
  await finished(page, timeout);
  return lastAnswer(page).innerText();
}

export const status = (page) => lastAnswer(page).getAttribute('data-status');

/** Polls until check() gives a true value. */
export async function eventually(check, what, timeout = 10_000) {
  const end = Date.now() + timeout;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) assert.fail(`${what}: not within ${timeout} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
