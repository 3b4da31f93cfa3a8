// Draws the PNG icons from public/icon.svg with a headless browser. Run by hand
// after the mark changes; the results are committed.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from '../e2e/browser.mjs';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'public');
const svg = readFileSync(join(folder, 'icon.svg'), 'utf8');
const browser = await launch();
for (const [size, rounded] of [[180, false], [192, true], [512, false]]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  // Systems that mask icons want the colour to reach the corners.
  const art = (rounded ? svg : svg.replace(' rx="15"', '')).replace('<svg ', `<svg width="${size}" height="${size}" `);
  await page.setContent(`<style>body{margin:0;background:transparent}svg{display:block}</style>${art}`);
  await page.screenshot({ path: join(folder, `icon-${size}.png`), omitBackground: true });
  await page.close();
}
await browser.close();
