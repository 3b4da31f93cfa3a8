// Texts that both the unit tests and the end-to-end tests send through the page.
// They lie beside the test server, which says them too.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const read = (name) => readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'server', name), 'utf8');

/** Everything that an answer can be made of. */
export const showcase = read('showcase.md');

/**
 * Payloads after the usual cheat sheets, as a model could be made to say them.
 * @type {string[]}
 */
export const xssCorpus = JSON.parse(read('xss.json'));
