import { ko as chat } from './chat';
import { ko as settings } from './settings';
import { ko as shell } from './shell';

/** Every Korean word of the first load. Areas that load later bring their own (see words in ../index.svelte.ts). */
export const ko = { ...shell, ...chat, ...settings };

export type Strings = typeof ko;
