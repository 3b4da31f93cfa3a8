// Markdown to HTML as answers need it. Raw HTML stays text, pictures become
// links (a remote picture tells its server that the answer was read), math and
// code become placeholders that enhance.ts fills when their libraries arrive.

import { tex } from '@mdit/plugin-tex';
import MarkdownIt from 'markdown-it';
import type { Token } from 'markdown-it';
import cjkFriendly from 'markdown-it-cjk-friendly';

type Renderer = NonNullable<MarkdownIt['renderer']['rules'][string]>;

const allowedURL = /^(?:https?:\/\/|mailto:)/i;

// Korean writes particles right behind an address: "https://example.kr에서".
const particles =
  /(?<=[A-Za-z0-9/])(?:은|는|이|가|을|를|에|에서|에게|의|와|과|로|으로|도|만|까지|부터|이다|입니다|이라는|라는|이며|이고|예요|이에요)$/;

export interface Labels {
  copy: string;
  picture: string;
  preview: string;
}

// What a browser can show by itself.
const shown = /^(?:html?|svg)$/i;

export function createMarkdown(labels: Labels): MarkdownIt {
  const md = new MarkdownIt({ html: false, linkify: true, breaks: true, typographer: false });
  md.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
  md.use(cjkFriendly);
  md.use(tex, { delimiters: 'all', render: (source, display) => mathHTML(md, source, display) });
  md.validateLink = (url) => allowedURL.test(url.trim());
  md.core.ruler.after('linkify', 'particles', (state) => {
    for (const token of state.tokens) if (token.children) cutParticles(token.children, state.Token);
  });
  setRules(md, labels);
  return md;
}

function setRules(md: MarkdownIt, labels: Labels): void {
  const rules = md.renderer.rules;
  const esc = md.utils.escapeHtml;
  rules.link_open = (tokens, i, options, _env, self) => {
    tokens[i]?.attrSet('rel', 'noopener noreferrer nofollow');
    tokens[i]?.attrSet('target', '_blank');
    return self.renderToken(tokens, i, options);
  };
  rules.image = (tokens, i) => {
    const token = tokens[i];
    const alt = token?.content || labels.picture;
    const src = String(token?.attrGet('src') ?? '');
    if (!allowedURL.test(src)) return esc(`[${labels.picture}: ${alt}]`);
    return `<a href="${esc(src)}" rel="noopener noreferrer nofollow" target="_blank">${esc(`[${labels.picture}: ${alt}]`)}</a>`;
  };
  rules.fence = (tokens, i) => codeHTML(md, tokens[i]?.content ?? '', tokens[i]?.info ?? '', labels);
  rules.code_block = (tokens, i) => codeHTML(md, tokens[i]?.content ?? '', '', labels);
  rules.th_open = alignCell;
  rules.td_open = alignCell;
  rules.table_open = () => '<div class="table" tabindex="0"><table>\n';
  rules.table_close = () => '</table></div>\n';
}

// markdown-it aligns with a style attribute, which the sanitiser drops.
const alignCell: Renderer = (tokens, i, options, _env, self) => {
  const token = tokens[i];
  const align = /text-align:\s*(left|center|right)/.exec(String(token?.attrGet('style') ?? ''))?.[1];
  if (token) token.attrs = align ? [['data-align', align]] : null;
  return self.renderToken(tokens, i, options);
};

function codeHTML(md: MarkdownIt, code: string, info: string, labels: Labels): string {
  const esc = md.utils.escapeHtml;
  const lang = (info.trim().split(/\s+/)[0] ?? '').replace(/[^\w+#.-]/g, '').slice(0, 24);
  const preview = shown.test(lang) ? `<button type="button" class="code-preview">${esc(labels.preview)}</button>` : '';
  return (
    `<div class="code"><div class="code-head"><span>${esc(lang || 'text')}</span>${preview}` +
    `<button type="button" class="code-copy">${esc(labels.copy)}</button></div>` +
    `<pre tabindex="0"><code data-lang="${esc(lang)}">${esc(code.replace(/\n$/, ''))}</code></pre></div>\n`
  );
}

function mathHTML(md: MarkdownIt, source: string, display: boolean): string {
  const tag = display ? 'div' : 'span';
  return `<${tag} class="math" data-display="${display}">${md.utils.escapeHtml(source)}</${tag}>${display ? '\n' : ''}`;
}

function cutParticles(children: Token[], TokenClass: new (type: string, tag: string, nesting: -1 | 0 | 1) => Token): void {
  for (let i = 0; i + 2 < children.length; i++) {
    const [open, body, close] = [children[i], children[i + 1], children[i + 2]];
    if (open?.type !== 'link_open' || open.markup !== 'linkify' || !body || !close) continue;
    const particle = particles.exec(body.content)?.[0];
    if (!particle) continue;
    body.content = body.content.slice(0, -particle.length);
    const href = String(open.attrGet('href') ?? '');
    const encoded = encodeURI(particle);
    if (href.endsWith(encoded)) open.attrSet('href', href.slice(0, -encoded.length));
    else if (href.endsWith(particle)) open.attrSet('href', href.slice(0, -particle.length));
    else open.attrSet('href', body.content);
    const rest = new TokenClass('text', '', 0);
    rest.content = particle;
    children.splice(i + 3, 0, rest);
  }
}
