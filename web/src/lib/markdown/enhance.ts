// Fills the placeholders of a rendered block: colours for code, KaTeX for
// math. Both libraries are fetched when the first answer needs them.

import { sanitizeCode } from './sanitize';

type Highlighter = typeof import('highlight.js/lib/common').default;
type Katex = typeof import('katex').default;

let highlighter: Promise<Highlighter> | undefined;
let katex: Promise<Katex> | undefined;
let highlighterNow: Highlighter | undefined;
let katexNow: Katex | undefined;

// Colouring is linear, but a block that still grows is coloured again with
// every piece, and one beyond the larger size is a data dump anyway.
const maxColouredOpen = 15_000;
const maxColoured = 50_000;
const maxMath = 10_000;

function loadHighlighter(): Promise<Highlighter> {
  highlighter ??= import('highlight.js/lib/common').then((m) => (highlighterNow = m.default));
  return highlighter;
}

function loadKatex(): Promise<Katex> {
  katex ??= Promise.all([import('katex'), import('katex/dist/katex.min.css')]).then(([m]) => (katexNow = m.default));
  return katex;
}

/** Enhances what is under root. Works at once where the library is there already. */
export function enhance(root: ParentNode, closed: boolean): void {
  const codes = [...root.querySelectorAll<HTMLElement>('pre > code[data-lang]')].filter((c) => c.dataset.lang);
  if (codes.length > 0) {
    const run = (h: Highlighter): void => codes.forEach((c) => colour(h, c, closed ? maxColoured : maxColouredOpen));
    if (highlighterNow) run(highlighterNow);
    else loadHighlighter().then(run, () => (highlighter = undefined));
  }
  const maths = closed ? [...root.querySelectorAll<HTMLElement>('.math')] : [];
  if (maths.length > 0) {
    const run = (k: Katex): void => maths.forEach((m) => typeset(k, m));
    if (katexNow) run(katexNow);
    else loadKatex().then(run, () => (katex = undefined));
  }
}

function colour(h: Highlighter, code: HTMLElement, limit: number): void {
  const language = code.dataset.lang ?? '';
  const source = code.textContent ?? '';
  if (source.length > limit || !h.getLanguage(language)) return;
  code.replaceChildren(sanitizeCode(h.highlight(source, { language, ignoreIllegals: true }).value));
}

function typeset(k: Katex, node: HTMLElement): void {
  if (node.dataset.done) return;
  const source = node.textContent ?? '';
  if (source.length > maxMath) return;
  node.dataset.done = 'true';
  try {
    k.render(source, node, {
      displayMode: node.dataset.display === 'true',
      throwOnError: true,
      errorColor: 'inherit',
      trust: false, // no \href, no \includegraphics
      strict: 'ignore', // Hangul inside \text is fine
      maxSize: 20,
      maxExpand: 200,
    });
  } catch {
    node.textContent = source; // what the model wrote beats a red error
    node.classList.add('math-raw');
  }
}
