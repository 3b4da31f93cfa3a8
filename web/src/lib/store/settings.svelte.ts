// What the user chose about the page itself. Kept in localStorage, because
// boot.js needs it before the first paint.

export type Theme = 'system' | 'light' | 'dark';
export type Language = 'auto' | 'ko' | 'en';
export type FontSize = 'small' | 'normal' | 'large';

export interface Settings {
  system: string;
  temperature: number | null; // null: what the server thinks best
  topP: number | null;
  maxTokens: number | null;
  language: Language;
  theme: Theme;
  fontSize: FontSize;
  enterSends: boolean;
  model: string; // '' follows the server's default
  noticeSeen: boolean;
  sidebarOpen: boolean;
  moved: boolean; // system, temperature, topP, maxTokens and model have gone to the server
}

const storageName = 'malmoi.settings';

export const defaults: Settings = {
  system: '',
  temperature: null,
  topP: null,
  maxTokens: 2048,
  language: 'auto',
  theme: 'system',
  fontSize: 'normal',
  enterSends: true,
  model: '',
  noticeSeen: false,
  sidebarOpen: true,
  moved: false,
};

const within = (v: unknown, low: number, high: number): number | null =>
  typeof v === 'number' && v >= low && v <= high ? v : null;
const oneOf = <T extends string>(v: unknown, all: readonly T[], fallback: T): T =>
  all.includes(v as T) ? (v as T) : fallback;

/** Reads what an older page, or a curious user, may have written. */
export function parseSettings(json: string | null): Settings {
  let raw: Partial<Record<keyof Settings, unknown>> = {};
  try {
    raw = (JSON.parse(json ?? '{}') as typeof raw) ?? {};
  } catch {
    raw = {};
  }
  return {
    system: typeof raw.system === 'string' ? raw.system : '',
    temperature: within(raw.temperature, 0, 2),
    topP: within(raw.topP, 0, 1),
    // A small model may never stop by itself; null, chosen by the user, lets it.
    maxTokens: raw.maxTokens === undefined ? defaults.maxTokens : within(raw.maxTokens, 1, 1_000_000),
    language: oneOf(raw.language, ['auto', 'ko', 'en'], 'auto'),
    theme: oneOf(raw.theme, ['system', 'light', 'dark'], 'system'),
    fontSize: oneOf(raw.fontSize, ['small', 'normal', 'large'], 'normal'),
    enterSends: raw.enterSends !== false,
    model: typeof raw.model === 'string' ? raw.model : '',
    noticeSeen: raw.noticeSeen === true,
    sidebarOpen: raw.sidebarOpen !== false,
    moved: raw.moved === true,
  };
}

function read(): string | null {
  try {
    return localStorage.getItem(storageName);
  } catch {
    return null;
  }
}

export const settings: Settings = $state(parseSettings(read()));

export function saveSettings(): void {
  try {
    localStorage.setItem(storageName, JSON.stringify(settings));
  } catch {
    // private window: the choice lasts as long as the page
  }
}

/** Shows the choice. Kept in step with public/boot.js. */
export function applyLook(): void {
  const root = document.documentElement;
  if (settings.theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = settings.theme;
  if (settings.fontSize === 'normal') delete root.dataset.size;
  else root.dataset.size = settings.fontSize;
}
