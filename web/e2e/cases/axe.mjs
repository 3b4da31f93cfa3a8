// Whether all can use a page: what axe-core finds.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Everything that axe-core finds wrong: its rule, how bad it is, and where. frames: look into them too. */
export async function violations(page, { frames = true } = {}) {
  await page.evaluate(axe);
  return page.evaluate(async (iframes) => {
    const r = await globalThis.axe.run(document, { resultTypes: ['violations'], iframes });
    return r.violations.map((v) => ({ id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 4).map((n) => `${n.target.join(' ')}: ${n.failureSummary}`) }));
  }, frames);
}

/** Fails on what is serious or critical; returns all that was found. */
export async function accessible(page, where, options) {
  const found = await violations(page, options);
  assert.deepEqual(found.filter((v) => v.impact === 'serious' || v.impact === 'critical'), [], where);
  return found;
}
