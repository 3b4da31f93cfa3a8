import { describe, expect, it, vi } from 'vitest';
import { EnterGuard, sendOnEnter } from '../src/lib/ime';

const enter = (over: Partial<Parameters<EnterGuard['enter']>[0]> = {}) => ({
  shift: false,
  isComposing: false,
  keyCode: 13,
  ...over,
});

/** Composes a syllable the way an input method reports it. */
function compose(g: EnterGuard, ...steps: string[]): void {
  g.compositionStart();
  for (const s of steps) g.compositionUpdate(s);
}

describe('EnterGuard', () => {
  it('sends on a plain Enter, breaks the line on Shift+Enter', () => {
    const g = new EnterGuard();
    expect(g.enter(enter(), 0)).toBe('send');
    expect(g.enter(enter({ shift: true }), 5000)).toBe('pass');
  });

  it('Chrome on Windows: Enter inside a syllable sends once, after the commit', () => {
    const g = new EnterGuard();
    compose(g, 'ㄱ', '가');
    expect(g.enter(enter({ isComposing: true, keyCode: 229 }), 100)).toBe('swallow');
    expect(g.compositionEnd('가', 101)).toBe('send');
    expect(g.swallowsLineBreak(102)).toBe(true);
  });

  it('Chrome on macOS: the second keydown of the same Enter sends nothing', () => {
    const g = new EnterGuard();
    compose(g, 'ㅎ', '하', '한');
    expect(g.enter(enter({ isComposing: true, keyCode: 229 }), 100)).toBe('swallow');
    expect(g.compositionEnd('한', 101)).toBe('send');
    expect(g.enter(enter(), 103)).toBe('swallow');
    expect(g.enter(enter(), 2000)).toBe('send');
  });

  it('Safari: compositionend comes first, the one keydown sends', () => {
    const g = new EnterGuard();
    compose(g, '글');
    expect(g.compositionEnd('글', 100)).toBe('pass');
    expect(g.enter(enter({ keyCode: 229 }), 103)).toBe('send');
    expect(g.enter(enter(), 110)).toBe('swallow');
  });

  it('Japanese: Enter commits and sends nothing, in either order', () => {
    const chrome = new EnterGuard();
    compose(chrome, 'に', 'にほん', '日本');
    expect(chrome.enter(enter({ isComposing: true, keyCode: 229 }), 100)).toBe('pass');
    expect(chrome.compositionEnd('日本', 101)).toBe('pass');
    const safari = new EnterGuard();
    compose(safari, '日本');
    expect(safari.compositionEnd('日本', 100)).toBe('pass');
    expect(safari.enter(enter({ keyCode: 229 }), 102)).toBe('swallow');
    expect(safari.enter(enter(), 1000)).toBe('send');
  });

  it('a Hanja candidate chosen with Enter does not send', () => {
    const g = new EnterGuard();
    compose(g, '한');
    expect(g.enter(enter({ isComposing: true, keyCode: 229 }), 100)).toBe('swallow');
    expect(g.compositionEnd('漢', 120)).toBe('pass');
  });

  it('a syllable ended by another key or by a click does not send', () => {
    const g = new EnterGuard();
    compose(g, '가');
    g.enter(enter({ isComposing: true, keyCode: 229 }), 100);
    g.otherKey();
    expect(g.compositionEnd('가', 101)).toBe('pass');
    compose(g, '나');
    expect(g.compositionEnd('나', 500)).toBe('pass');
  });

  it('an Enter that ended no composition is forgotten', () => {
    const g = new EnterGuard();
    compose(g, '가');
    g.enter(enter({ isComposing: true, keyCode: 229 }), 100);
    expect(g.compositionEnd('가', 5000)).toBe('pass');
    compose(g, '나');
    expect(g.compositionEnd('나', 5100)).toBe('pass');
  });

  it('the next syllable typed at once is not swallowed by the last send', () => {
    const g = new EnterGuard();
    compose(g, '응');
    g.enter(enter({ isComposing: true, keyCode: 229 }), 100);
    expect(g.compositionEnd('응', 101)).toBe('send');
    compose(g, '네');
    expect(g.enter(enter({ isComposing: true, keyCode: 229 }), 400)).toBe('swallow');
    expect(g.compositionEnd('네', 401)).toBe('send');
  });

  it('two plain Enters in a hurry both send', () => {
    const g = new EnterGuard();
    expect(g.enter(enter(), 0)).toBe('send');
    expect(g.enter(enter(), 40)).toBe('send');
  });

  it('a held key does not send again', () => {
    const g = new EnterGuard();
    expect(g.enter(enter(), 0)).toBe('send');
    expect(g.enter(enter({ repeat: true }), 500)).toBe('swallow');
  });

  it('Shift+Enter during composition starts a line and sends nothing', () => {
    const g = new EnterGuard();
    compose(g, '가');
    expect(g.enter(enter({ shift: true, isComposing: true, keyCode: 229 }), 100)).toBe('pass');
    expect(g.compositionEnd('가', 101)).toBe('pass');
  });

  it('an Android keyboard that says 229 for Enter still sends', () => {
    expect(new EnterGuard().enter(enter({ keyCode: 229 }), 10_000)).toBe('send');
  });
});

describe('sendOnEnter', () => {
  const key = (over: KeyboardEventInit & { keyCode?: number } = {}): KeyboardEvent =>
    new KeyboardEvent('keydown', { key: 'Enter', keyCode: 13, bubbles: true, cancelable: true, ...over } as KeyboardEventInit);

  it('sends the text with its last syllable', async () => {
    const box = document.createElement('textarea');
    const sent: string[] = [];
    const off = sendOnEnter(() => sent.push(box.value))(box);
    box.dispatchEvent(new CompositionEvent('compositionstart'));
    box.value = '안';
    box.dispatchEvent(new CompositionEvent('compositionupdate', { data: '녕' }));
    const e = key({ isComposing: true, keyCode: 229 } as KeyboardEventInit);
    box.dispatchEvent(e);
    expect(sent).toEqual([]);
    box.dispatchEvent(new CompositionEvent('compositionend', { data: '녕' }));
    box.value = '안녕';
    await vi.waitFor(() => expect(sent).toEqual(['안녕']));
    box.dispatchEvent(key());
    expect(sent).toEqual(['안녕']);
    off();
    box.dispatchEvent(key());
    expect(sent).toHaveLength(1);
  });

  it('leaves Enter alone where it does not send', () => {
    const box = document.createElement('textarea');
    const send = vi.fn();
    sendOnEnter(send, () => false)(box);
    const e = key();
    box.dispatchEvent(e);
    expect(send).not.toHaveBeenCalled();
    expect(e.defaultPrevented).toBe(false);
  });
});
