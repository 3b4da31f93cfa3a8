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

/**
 * The same for an area that is loaded later, so that its words do not weigh on
 * the first load: `export const tp = words(ko, en)` in the area's own folder.
 */
export const words =
  <T>(korean: T, english: T): (() => T) =>
  () =>
    lang() === 'ko' ? korean : english;
