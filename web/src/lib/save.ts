// Downloads. A link carries cookies but no API key, so with a key the file is
// fetched first and then given to the browser.

import { apiKey, request } from './api/http';
import { t } from './i18n/index.svelte';
import { sayFailure } from './store/failure';
import { toast } from './store/toasts.svelte';

/** For clicks anywhere: takes over those on download links that need a key. */
export function save(e: MouseEvent): void {
  const a = (e.target as Element | null)?.closest?.('a[download]') as HTMLAnchorElement | null;
  if (!a || apiKey.get() === '' || a.origin !== location.origin || !a.pathname.startsWith('/api/')) return;
  e.preventDefault();
  void fetched(a.pathname + a.search, a.download);
}

async function fetched(path: string, wanted: string): Promise<void> {
  try {
    const response = await request(path);
    const named = /filename\*=UTF-8''([^;]+)/i.exec(response.headers.get('Content-Disposition') ?? '')?.[1];
    const url = URL.createObjectURL(await response.blob());
    const a = document.createElement('a');
    a.href = url;
    a.download = wanted || (named ? decodeURIComponent(named) : 'malmoi');
    a.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  } catch (e) {
    toast(sayFailure(e, t()));
  }
}
