import { ApiError } from '../api/http';
import type { Failure } from '../api/types';
import type { Strings } from '../i18n/ko';

/** What went wrong, in the shape that messages keep it. */
export function toFailure(e: unknown): Failure {
  if (e instanceof ApiError) return { kind: e.kind, detail: e.detail, retry_after: e.retryAfter };
  return { kind: 'server', detail: e instanceof Error ? e.message : '', retry_after: 0 };
}

/** What went wrong, in one sentence for a person. */
export function sayFailure(e: unknown, words: Strings): string {
  const f = toFailure(e);
  return words.failures[f.kind] ?? words.failures.server ?? '';
}
