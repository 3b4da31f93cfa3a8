// What the settings are made of. A personal server has no accounts to manage.

import type { Section } from '../../components/people/Shell.svelte';
import { tp } from './words';

export function settingsSections(accounts: boolean): Section[] {
  const words = tp();
  const entry = (page: keyof typeof words.pages, icon: Section['entries'][number]['icon']): Section['entries'][number] => ({
    path: `/settings/${page}`,
    label: words.pages[page],
    icon,
  });
  const mine = accounts
    ? [entry('account', 'person'), entry('devices', 'device'), entry('keys', 'key'), entry('usage', 'chart')]
    : [entry('usage', 'chart')];
  const library = [entry('answers', 'tune'), entry('prompts', 'text'), entry('presets', 'layers'), entry('memory', 'memory')];
  return [
    { title: words.groups.me, entries: mine },
    { title: words.groups.library, entries: library },
  ];
}
