import { words } from '../i18n/index.svelte';
import { en } from './en';
import { ko } from './ko';

/** The words of sign-in and account screens, in the chosen language. */
export const tp = words(ko, en);
