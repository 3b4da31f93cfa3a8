// Words of skills: what models may use, and what they ask before they use it.

import { words } from '../i18n/index.svelte';
import { josa } from '../i18n/josa';

const ko = {
  tools: '도구',
  menu: (now: string) => `도구: ${now}`,
  auto: '자동',
  on: '모두 사용',
  off: '사용 안 함',
  asSettings: '설정대로',
  help: '자동이면 계산·날짜처럼 바깥에 아무 영향이 없는 도구만, 도구를 다룰 줄 아는 모델(30억 매개변수 이상)이 씁니다. 작은 모델은 인사에도 계산기를 부르는 등 도구를 엉뚱하게 쓸 수 있어, 켠 대화에서만 씁니다.',
  states: {
    ask: '허락을 기다리는 중',
    running: '실행하는 중…',
    done: '',
    failed: '실패',
    refused: '허락하지 않아 실행하지 않음',
    unknown: '도중에 서버가 멈춤 · 실행되었을 수 있음',
  } as Record<string, string>,
  outside: '결과 (외부에서 온 글)',
  question: (name: string) => `‘${josa(`${name}’`, '을/를')} 실행할까요?`,
  explain: 'AI가 이 도구를 쓰려고 합니다. 실행하면 되돌리지 못할 수 있습니다. 아래 내용을 확인하세요.',
  warning: '이 대화에는 다른 사람이 쓴 글(웹 문서, 파일, 붙여넣은 글)이 있습니다. 그 글이 시킨 일일 수 있으니, 내가 부탁한 일인지 꼭 확인하세요.',
  values: '실행할 내용',
  yes: '예, 실행합니다',
  no: '아니요',
  sent: '답을 보내는 중…',
  late: '이미 답했거나 시간이 지난 질문입니다.',
};

const en: typeof ko = {
  tools: 'Tools',
  menu: (now) => `Tools: ${now}`,
  auto: 'Automatic',
  on: 'Use all',
  off: 'Use none',
  asSettings: 'As in settings',
  help: 'Automatic lets models that can call tools (of 3 billion parameters or more) use those that touch nothing, such as the calculator and dates. Smaller ones misuse tools, and use them only where you switch them on.',
  states: {
    ask: 'waiting for your word',
    running: 'running…',
    done: '',
    failed: 'failed',
    refused: 'not allowed, not run',
    unknown: 'the server stopped meanwhile; it may have run',
  },
  outside: 'Result (text from outside)',
  question: (name) => `Run “${name}”?`,
  explain: 'The AI wants to use this tool. It may not be possible to undo it. Check what it will do.',
  warning: 'This conversation has text that somebody else wrote (web pages, files, pasted text). That text may have asked for this: make sure that you did.',
  values: 'What will run',
  yes: 'Yes, run it',
  no: 'No',
  sent: 'Sending your answer…',
  late: 'This question was answered already, or its time is over.',
};

export const tk = words(ko, en);
