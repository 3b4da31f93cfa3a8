import { describe, expect, it } from 'vitest';
import { fill, matching, maxVariables, pieces, variables } from '../../src/lib/library/template';

describe('template', () => {
  it('finds each blank once, in order, in Korean and composed', () => {
    expect(variables('{{주제}}를 {{ 독자 }}에게. 다시 {{주제}}.')).toEqual(['주제', '독자']);
    expect(variables('{{주제}}'.normalize('NFD'))).toEqual(['주제']);
    expect(variables('{주제} {{}} {{ }} {{a\nb}} {{{x}}}')).toEqual(['x']);
  });
  it('has a bound', () => {
    expect(variables(Array.from({ length: 100 }, (_, i) => `{{v${i}}}`).join(' '))).toHaveLength(maxVariables);
    const started = performance.now();
    variables('{{'.repeat(20_000));
    expect(performance.now() - started).toBeLessThan(2000);
  });
  it('fills blanks with exactly what was given', () => {
    const values = new Map([['a', '$& {{b}} $1'], ['b', 'B']]);
    expect(fill('{{a}}-{{b}}-{{c}}', values)).toBe('$& {{b}} $1-B-{{c}}');
    expect(fill('{{주제}}'.normalize('NFD'), new Map([['주제', '말']]))).toBe('말');
  });
  it('is cut at its blanks without losing anything', () => {
    expect(pieces('가{{나}}다')).toEqual([{ text: '가', hole: false }, { text: '나', hole: true }, { text: '다', hole: false }]);
    expect(pieces('')).toEqual([]);
  });
  it('prefers names that begin with the words', () => {
    const all = [{ name: '번역', text: '회의' }, { name: '정기 회의', text: '' }, { name: '회의록', text: '' }, { name: '요약', text: '' }];
    expect(matching(all, '회의').map((p) => p.name)).toEqual(['회의록', '정기 회의', '번역']);
    expect(matching(all, '')).toHaveLength(4);
  });
});
