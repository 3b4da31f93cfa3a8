import type { ko } from '../ko/chat';

const n = new Intl.NumberFormat('en-US');
const plural = (count: number, word: string): string => `${n.format(count)} ${word}${count === 1 ? '' : 's'}`;

/** English words of conversations. */
export const en: typeof ko = {
  hello: 'How can I help?',
  examples: [
    { title: 'Polish a text', text: 'Rewrite this as a polite e-mail: moving the meeting to tomorrow' },
    { title: 'Explain simply', text: 'Explain photosynthesis so that a child understands it.' },
    { title: 'Write code', text: 'Write a Python function that prints the primes up to 100.' },
    { title: '한국어로 묻기', text: '주말에 서울에서 부모님과 갈 만한 하루 코스를 짜 줘.' },
  ],

  placeholder: 'Write a message',
  message: 'Message',
  send: 'Send',
  stop: 'Stop',
  enterHint: 'Enter sends, Shift+Enter starts a new line',
  pasted: 'Pasted text',
  pastedSize: (lines, chars) => `${plural(lines, 'line')} · ${plural(chars, 'character')}`,
  pasteRemove: 'Remove pasted text',
  tooLong: (max) => `A message can have ${n.format(max)} characters at most. Please send it in parts.`,
  footnote: 'AI can be wrong. Check what matters.',

  you: 'You',
  copy: 'Copy',
  copied: 'Copied',
  copyFailed: 'Could not copy',
  regenerate: 'Answer again',
  edit: 'Edit',
  editMessage: 'Edit question',
  editSend: 'Send edited',
  branch: (at, all) => `${at} of ${all}`,
  previousBranch: 'Previous version',
  nextBranch: 'Next version',
  showMore: 'Show all',
  showLess: 'Show less',
  aiMark: 'AI-generated answer',
  reasoning: 'Reasoning',
  reasoningLive: 'Thinking…',
  toolCall: (name) => `Tool call: ${name}`,
  codeBlock: 'A code block follows.',
  picture: 'picture',
  toBottom: 'To the bottom',
  answering: 'Writing an answer.',
  answered: 'The answer is complete.',
  waiting: 'Reading your question…',
  waitingLong: (s) => `Reading your question… ${n.format(s)} s`,
  stalled: (s) => `Waiting for the next word… ${n.format(s)} s`,
  tokens: (count) => plural(count, 'token'),
  speed: (perSecond) => `${perSecond} tokens/s`,
  firstToken: (s) => `first after ${s} s`,
  prompt: (count, cached) =>
    cached > 0 ? `prompt ${n.format(count)} (${n.format(cached)} reused)` : `prompt ${n.format(count)}`,
  stoppedNote: 'Stopped here.',
  lengthNote: 'Cut off here by the length limit.',
  interruptedNote: 'The page was closed while this was being written.',
  keepGoing: 'Continue',
  keepGoingPrompt: 'Continue your last answer from where it was cut off.',
  retry: 'Try again',

  exportedBy: 'Chat exported from malmoi',
  exportRole: { user: 'You', assistant: 'AI-generated answer' },
};
