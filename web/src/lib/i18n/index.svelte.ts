import { settings } from '../store/settings.svelte';
import { en } from './en';
import { ko, type Strings } from './ko';

export function languageOf(choice: string, browser: string): 'ko' | 'en' {
  if (choice === 'ko' || choice === 'en') return choice;
  return /^ko(-|$)/i.test(browser) ? 'ko' : 'en';
}

export const lang = (): 'ko' | 'en' => languageOf(settings.language, navigator.language);

/** The words of the chosen language; follows the setting where it is read reactively. */
export const t = (): Strings => (lang() === 'ko' ? ko : en);
