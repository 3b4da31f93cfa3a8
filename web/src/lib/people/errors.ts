// A failed request in words, beside the field that it is about where there is one.

import { ApiError } from '../api/http';
import { tp } from './words';

export interface Said {
  /** The field that is wrong; '' when it is none of them. */
  field: string;
  text: string;
  retryAfter: number; // seconds
}

/** fields: names that the form has, so that nothing is said where nobody looks. */
export function say(e: unknown, fields: readonly string[] = []): Said {
  if (!(e instanceof ApiError)) return { field: '', text: tp().errors.server ?? '', retryAfter: 0 };
  const field = fields.includes(e.param) ? e.param : '';
  const words = tp();
  const text =
    words.reasons[`${e.param}.${e.reason}`] ?? words.codes[e.code] ?? words.reasons[e.reason] ?? words.errors[e.kind] ?? e.detail;
  return { field, text: text || e.detail, retryAfter: e.retryAfter };
}
