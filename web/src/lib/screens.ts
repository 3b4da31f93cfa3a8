// Screens that are loaded when they are first shown. A name here is a file
// under components/; what is not there yet is simply not found.

import type { Component } from 'svelte';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Screen = Component<any>;

const files = import.meta.glob<{ default: Screen }>([
  '../components/people/{SignIn,Setup,Invitation,Account,UserMenu}.svelte',
  '../components/admin/Admin.svelte',
  '../components/library/{Library,PromptMenu,PresetPicker}.svelte',
  '../components/shared/SharedPage.svelte',
  '../components/panels/*.svelte',
]);

export type ScreenName =
  | 'people/SignIn' // {error: string, again: boolean}; again: over the page, the session has ended
  | 'people/Setup' // no account exists yet
  | 'people/Invitation' // {token: string}
  | 'people/Account' // {page: string}; /settings/…
  | 'people/UserMenu' // {onsettings, onkeys}; at the foot of the side bar
  | 'admin/Admin' // {page: string}; /admin/…
  | 'library/Library' // {page: string}; /settings/{prompts,presets,memory}
  | 'library/PresetPicker' // in the head of the conversation
  | 'library/PromptMenu' // {query: string, oninsert(text), onclose()}; over the composer after "/"
  | 'shared/SharedPage' // {token: string}
  | `panels/${string}`; // {panel}; see Panels.svelte

export const hasScreen = (name: ScreenName): boolean => `../components/${name}.svelte` in files;

export async function loadScreen(name: ScreenName): Promise<Screen> {
  const load = files[`../components/${name}.svelte`];
  if (!load) throw new Error(`screen ${name} does not exist`);
  return (await load()).default;
}
