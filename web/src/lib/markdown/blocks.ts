// Splits a growing Markdown text into its top-level blocks, parsing again only
// from the start of the last block that may still change.
//
// A block is closed as soon as the next one begins on a line that is itself
// complete: "foo\n#" may yet become "foo\n#tag", which is one paragraph.

import type MarkdownIt from 'markdown-it';
import type { Token } from 'markdown-it';

export interface Block {
  /** Rendered, not yet sanitised. */
  html: string;
  closed: boolean;
}

interface Piece {
  tokens: Token[];
  startLine: number;
}

/** Groups a flat token list by top-level block. */
function pieces(tokens: Token[]): Piece[] {
  const out: Piece[] = [];
  let depth = 0;
  for (const token of tokens) {
    if (depth === 0) out.push({ tokens: [], startLine: token.map?.[0] ?? 0 });
    out[out.length - 1]?.tokens.push(token);
    depth += token.nesting;
  }
  return out;
}

function lineStart(text: string, from: number, line: number): number {
  let at = from;
  for (let i = 0; i < line; i++) at = text.indexOf('\n', at) + 1;
  return at;
}

function countLines(text: string, from: number): number {
  let n = 0;
  for (let i = text.indexOf('\n', from); i >= 0; i = text.indexOf('\n', i + 1)) n++;
  return n;
}

export class BlockParser {
  #closed: Block[] = [];
  #offset = 0; // where the first block that is not closed begins
  #env: Record<string, unknown> = {}; // link definitions seen so far
  #text = '';

  constructor(private readonly md: MarkdownIt) {}

  /** The blocks of text. Cheap when text only grew since the last call. */
  update(text: string): Block[] {
    if (!text.startsWith(this.#text)) this.#reset();
    this.#text = text;
    const tail = pieces(this.md.parse(text.slice(this.#offset), this.#env));
    const completeLines = countLines(text, this.#offset);
    let close = 0;
    while (close + 1 < tail.length && (tail[close + 1]?.startLine ?? 0) < completeLines) close++;
    for (const piece of tail.slice(0, close)) this.#closed.push({ html: this.#render(piece), closed: true });
    const rest = tail.slice(close);
    const first = rest[0];
    if (close > 0 && first) this.#offset = lineStart(text, this.#offset, first.startLine);
    return [...this.#closed, ...rest.map((piece) => ({ html: this.#render(piece), closed: false }))];
  }

  /**
   * The blocks of a text that will not grow: parsed as one, so that a link
   * definition at its end reaches back to its beginning.
   */
  finish(text: string): Block[] {
    this.#reset();
    return pieces(this.md.parse(text, this.#env)).map((piece) => ({ html: this.#render(piece), closed: true }));
  }

  #render(piece: Piece): string {
    return this.md.renderer.render(piece.tokens, this.md.options, this.#env);
  }

  #reset(): void {
    this.#closed = [];
    this.#offset = 0;
    this.#env = {};
    this.#text = '';
  }
}
