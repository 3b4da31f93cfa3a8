// The few words of the user menu, which is there from the start.

import { words } from '../i18n/index.svelte';

const ko = {
  menu: (name: string) => `${name} 님의 메뉴`,
  account: '계정',
  usage: '사용량',
  library: '프롬프트와 기억',
  answers: '말투와 기본 모델',
  prompts: '프롬프트',
  presets: '프리셋',
  memory: '기억',
  admin: '관리',
  help: '단축키',
  signOut: '로그아웃',
  failed: '로그아웃하지 못했습니다. 연결을 확인하고 다시 시도해 주세요.',
  roles: { admin: '관리자', member: '구성원', reader: '읽기 전용' },
};
const en: typeof ko = {
  menu: (name) => `Menu of ${name}`,
  account: 'Account',
  usage: 'Usage',
  library: 'Prompts and memory',
  answers: 'Tone and default model',
  prompts: 'Prompts',
  presets: 'Presets',
  memory: 'Memory',
  admin: 'Administration',
  help: 'Keyboard shortcuts',
  signOut: 'Sign out',
  failed: 'Could not sign out. Check the connection and try again.',
  roles: { admin: 'Administrator', member: 'Member', reader: 'Read only' },
};

export const tm = words(ko, en);
