import type { Strings } from '../i18n/ko';
import type { Chat, Message } from './model';

/** A chat as a Markdown file. Answers keep their mark of being made by AI. */
export function toMarkdown(chat: Chat, path: Message[], words: Strings, locale: string): string {
  const date = new Date(chat.created).toLocaleString(locale);
  const parts = [`# ${chat.title || words.untitled}`, `${words.exportedBy} · ${date}`];
  for (const m of path) {
    const who = words.exportRole[m.role];
    parts.push(`## ${who}${m.model ? ` (${m.model})` : ''}`, m.content);
  }
  return parts.join('\n\n') + '\n';
}

/** A title as a file name that Windows, macOS and Linux all accept. */
export function fileName(title: string): string {
  const clean = title
    .normalize('NFC')
    .replace(/[\u0000-\u001f<>:"/\\|?*\u202a-\u202e\u2066-\u2069]/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[. ]+|[. ]+$/g, '');
  return ([...clean].slice(0, 60).join('') || 'malmoi') + '.md';
}

export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/markdown;charset=utf-8' }));
  const a = document.createElement('a');
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
