// Korean particles change with the last sound of the word before them:
// 모델은, 말모이는. The words here are names, so Latin letters and digits are
// read as a Korean reader would say them.

export type Pair = '은/는' | '이/가' | '을/를' | '과/와' | '으로/로';

const firstSyllable = 0xac00;
const lastSyllable = 0xd7a3;
const finals = 28;
const rieul = 8;

// Letters and digits whose Korean names end in a consonant, and those in ㄹ.
const closedEnds = new Set([...'lmnrLMNR', ...'013678']);
const rieulEnds = new Set([...'lrLR', ...'178']);

function ending(word: string): 'open' | 'closed' | 'rieul' {
  const bare = word.replace(/[\s"'”’)\]}.,!?]+$/u, '');
  const last = [...bare].at(-1) ?? '';
  const code = last.codePointAt(0) ?? 0;
  if (code >= firstSyllable && code <= lastSyllable) {
    const final = (code - firstSyllable) % finals;
    return final === 0 ? 'open' : final === rieul ? 'rieul' : 'closed';
  }
  if (rieulEnds.has(last)) return 'rieul';
  return closedEnds.has(last) ? 'closed' : 'open';
}

/** The word with the particle that fits it. */
export function josa(word: string, pair: Pair): string {
  const [closed, open] = pair.split('/') as [string, string];
  const end = ending(word);
  const afterOpen = end === 'open' || (pair === '으로/로' && end === 'rieul');
  return word + (afterOpen ? open : closed);
}
