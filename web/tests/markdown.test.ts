import { describe, expect, it, vi } from 'vitest';
import { showcase, xssCorpus } from '../e2e/texts.mjs';
import { BlockParser } from '../src/lib/markdown/blocks';
import { enhance } from '../src/lib/markdown/enhance';
import { createMarkdown } from '../src/lib/markdown/markdown';
import { sanitize, sanitizeCode } from '../src/lib/markdown/sanitize';

const md = createMarkdown({ copy: '복사', picture: '그림', preview: '미리 보기' });

function render(text: string): HTMLElement {
  const root = document.createElement('div');
  for (const block of new BlockParser(md).finish(text)) root.append(sanitize(block.html));
  return root;
}

describe('Korean text', () => {
  it.each([
    ['**서울(Seoul)**은 수도입니다.', '서울(Seoul)'],
    ['이것은 **"강조"**입니다.', '"강조"'],
    ['**한국어:**는 어렵다', '한국어:'],
    ['그는 **‘말모이’**를 만들었다.', '‘말모이’'],
    ['**100%**라고 했다', '100%'],
    ['가격은 **1,000원(부가세 포함)**이에요.', '1,000원(부가세 포함)'],
  ])('%s is bold', (text, bold) => {
    expect(render(text).querySelector('strong')?.textContent).toBe(bold);
  });

  it('keeps a particle out of the address before it', () => {
    const a = render('자세한 것은 https://example.com/a에서 보세요.').querySelector('a');
    expect(a?.getAttribute('href')).toBe('https://example.com/a');
    expect(a?.textContent).toBe('https://example.com/a');
    expect(render('주소는 https://example.com입니다').textContent.trim()).toBe('주소는 https://example.com입니다');
  });

  it('keeps Hangul that belongs to an address', () => {
    const a = render('https://ko.example.org/wiki/한글').querySelector('a');
    expect(a?.textContent).toBe('https://ko.example.org/wiki/한글');
  });

  it('does not take prices for math', () => {
    expect(render('가격은 $5에서 $10 사이, 또는 $3~$4입니다.').querySelector('.math')).toBeNull();
  });
});

describe('what an answer is made of', () => {
  const root = render(showcase);

  it('has everything', () => {
    for (const tag of ['h1', 'strong', 'a', 'ol', 'ul', 'table', 'pre', 'blockquote', 'hr', 'em', 's']) {
      expect(root.querySelector(tag), tag).not.toBeNull();
    }
    expect(root.querySelector('code[data-lang="python"]')?.textContent).toContain('def compose');
    expect(root.querySelectorAll('.math')).toHaveLength(2);
    expect(root.querySelector('div.math')?.getAttribute('data-display')).toBe('true');
    expect(root.querySelector('td[data-align="right"]')?.textContent).toBe('U+B9D0');
    expect(root.querySelector('button.code-copy')?.getAttribute('type')).toBe('button');
  });

  it('opens links without telling where from', () => {
    for (const a of root.querySelectorAll('a')) {
      expect(a.rel).toBe('noopener noreferrer nofollow');
      expect(a.target).toBe('_blank');
    }
  });

  it('turns pictures into links', () => {
    const picture = render('![고양이](https://example.com/cat.png)');
    expect(picture.querySelector('img')).toBeNull();
    expect(picture.querySelector('a')?.textContent).toBe('[그림: 고양이]');
    expect(picture.querySelector('a')?.rel).toBe('noopener noreferrer nofollow');
  });

  it('colours code and typesets math, with nothing that acts', { timeout: 20_000 }, async () => {
    const node = render('```js\nconst a = "<img src=x>";\n```\n\n$x^2$ $\\href{javascript:alert(1)}{y}$');
    enhance(node, true);
    // Both libraries come from disk here, which on a busy machine takes its time.
    await vi.waitFor(() => {
      expect(node.querySelector('.hljs-keyword')?.textContent).toBe('const');
      expect(node.querySelector('.katex')).not.toBeNull();
    }, 15_000);
    expect(node.querySelector('a, img')).toBeNull();
  });
});

const allowedTags = new Set(
  'a b blockquote br button code del div em h1 h2 h3 h4 h5 h6 hr i li ol p pre s span strong sub sup table tbody td th thead tr ul'.split(' '),
);

/** Fails on any element or attribute that an answer has no use for. */
function expectHarmless(root: ParentNode, source: string): void {
  for (const el of root.querySelectorAll('*')) {
    expect(allowedTags.has(el.localName), `<${el.localName}> from ${source}`).toBe(true);
    for (const { name, value } of el.attributes) {
      expect(name, `${name}="${value}" from ${source}`).toMatch(/^(href|rel|target|class|start|type|tabindex|data-lang|data-display|data-align)$/);
      if (name === 'href') expect(value, source).toMatch(/^(https?:\/\/|mailto:)/);
    }
  }
}

describe('hostile text', () => {
  it.each(xssCorpus.map((payload) => [payload] as const))('%s', (payload) => {
    expectHarmless(render(payload), payload);
  });

  it('is harmless while it streams, at every cut', { timeout: 60_000 }, () => {
    for (const payload of xssCorpus) {
      const parser = new BlockParser(md);
      for (let n = 1; n <= payload.length; n++) {
        for (const block of parser.update(payload.slice(0, n))) expectHarmless(sanitize(block.html), payload);
      }
    }
  });

  it('is harmless as raw HTML too, if the Markdown wall ever falls', () => {
    for (const payload of xssCorpus) expectHarmless(sanitize(payload), payload);
    expect([...sanitizeCode('<span class="hljs-x" onclick="a()">a</span><a href="https://x">b</a>').querySelectorAll('*')].map((e) => e.outerHTML)).toEqual([
      '<span class="hljs-x">a</span>',
    ]);
  });
});

describe('BlockParser', () => {
  const texts = [
    showcase,
    xssCorpus.filter((p) => !/^\[r|\]\[r/m.test(p)).join('\n\n'),
    'foo\n#\nbar\n#태그\n\n- a\n- b\n\n  c\n\n\n- d\n\n1) x\n2) y\n\n> q\nlazy\n\n    code\n\n    more\n\nafter',
    '제목\n===\n\n글\n-\n- 하나\n\na|b\n-|-\n1|2\n3|4\n\n```\nopen fence\n\n# not a heading',
    '$$\nx\n\n$$\n\n\\[y\\]\n\n***\n___\n\n\\\n\n&amp; <b>\n\n+ 1\n    + 2\n        + 3\n\n+ 4',
    'a\r\nb\r\n\r\nc\r\n',
  ];
  const html = (blocks: { html: string }[]): string => blocks.map((b) => b.html).join('');

  it.each(texts)('gives streamed text what it gives whole text: %#', (text) => {
    const whole = html(new BlockParser(md).finish(text));
    let seed = 7;
    for (const step of [1, 2, 3, 5, 17]) {
      const parser = new BlockParser(md);
      let frozen: string[] = [];
      for (let n = 0; n < text.length; ) {
        seed = (seed * 1103515245 + 12345) & 0x7fffffff;
        n = Math.min(text.length, n + 1 + (seed % step));
        const blocks = parser.update(text.slice(0, n));
        const closed = blocks.filter((b) => b.closed).map((b) => b.html);
        expect(closed.slice(0, frozen.length), `closed blocks changed at ${n}, step ${step}`).toEqual(frozen);
        frozen = closed;
      }
      expect(html(parser.update(text)), `step ${step}`).toBe(whole);
    }
  });

  it('reaches back with a link that is defined at the end', () => {
    const text = '[사전][d]을 보세요.\n\n다음 문단\n\n[d]: https://example.com/dict';
    expect(html(new BlockParser(md).finish(text))).toContain('href="https://example.com/dict"');
  });

  it('starts again when the text is another one', () => {
    const parser = new BlockParser(md);
    parser.update('# 하나\n\n둘\n\n셋');
    expect(html(parser.update('넷'))).toBe('<p>넷</p>\n');
  });

  it('parses only the tail of a long answer', () => {
    let parsed = 0;
    const counting = createMarkdown({ copy: '', picture: '', preview: '' });
    const parse = counting.parse.bind(counting);
    counting.parse = (src, env) => ((parsed += src.length), parse(src, env));
    const parser = new BlockParser(counting);
    const paragraph = '한 문단은 이 정도 길이를 가집니다. '.repeat(4) + '\n\n';
    let text = '';
    for (let i = 0; i < 300; i++) parser.update((text += paragraph));
    expect(parsed).toBeLessThan(text.length * 4);
  });
});
