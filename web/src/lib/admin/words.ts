import { words } from '../i18n/index.svelte';
import { en } from './en';
import { ko } from './ko';

/** The words of the administration. */
export const ta = words(ko, en);
