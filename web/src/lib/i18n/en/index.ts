import type { Strings } from '../ko';
import { en as chat } from './chat';
import { en as settings } from './settings';
import { en as shell } from './shell';

/** Every English word of the first load. */
export const en: Strings = { ...shell, ...chat, ...settings };
