// Tables for spreadsheets.

/** What makes Excel read a file as UTF-8. */
export const mark = '\ufeff';

/**
 * One cell. A text that a spreadsheet would run as a formula begins with an
 * apostrophe: names come from other people.
 */
export function cell(v: string | number): string {
  if (typeof v === 'number') return Number.isInteger(v) ? String(v) : v.toFixed(4);
  const safe = /^[=+\-@\t\r]/.test(v) ? `'${v}` : v;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows as CSV (RFC 4180: lines end in CR LF). */
export const csv = (rows: (string | number)[][]): string => mark + rows.map((r) => r.map(cell).join(',') + '\r\n').join('');

/** Lets the browser save a text. */
export function save(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const a = Object.assign(document.createElement('a'), { href: url, download: name });
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
