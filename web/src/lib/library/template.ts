// Prompts with holes: {{이름}} asks for a value when the prompt is used.

const hole = /\{\{[ \t]{0,9}([^\s{}](?:[^{}\n]{0,58}[^\s{}])?)[ \t]{0,9}\}\}/gu;
export const maxVariables = 30;

/** The names of the holes in the order in which they first appear. */
export function variables(text: string): string[] {
  const names = new Set<string>();
  for (const m of text.matchAll(hole)) {
    const name = m[1]?.normalize('NFC');
    if (name && names.size < maxVariables) names.add(name);
  }
  return [...names];
}

/** The text with its holes filled. What is in a value is never read as a hole; a hole without a value stays. */
export function fill(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(hole, (whole, name: string) => values.get(name.normalize('NFC')) ?? whole);
}

/** A text cut at its holes, for showing them. */
export function pieces(text: string): { text: string; hole: boolean }[] {
  const out: { text: string; hole: boolean }[] = [];
  let end = 0;
  for (const m of text.matchAll(hole)) {
    if (m.index > end) out.push({ text: text.slice(end, m.index), hole: false });
    out.push({ text: m[1] ?? '', hole: true });
    end = m.index + m[0].length;
  }
  if (end < text.length) out.push({ text: text.slice(end), hole: false });
  return out;
}

/** Those whose name, or else text, has the words; names that begin with them come first. */
export function matching<T extends { name: string; text: string }>(all: T[], words: string): T[] {
  const wanted = words.normalize('NFC').toLocaleLowerCase().trim();
  if (wanted === '') return all;
  const rank = (p: T): number => {
    const name = p.name.normalize('NFC').toLocaleLowerCase();
    if (name.startsWith(wanted)) return 0;
    if (name.includes(wanted)) return 1;
    return p.text.normalize('NFC').toLocaleLowerCase().includes(wanted) ? 2 : 3;
  };
  return all
    .map((p) => [rank(p), p] as const)
    .filter(([r]) => r < 3)
    .sort((a, b) => a[0] - b[0])
    .map(([, p]) => p);
}
