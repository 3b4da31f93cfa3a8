// The second wall: whatever the Markdown rules let through, only these
// elements and attributes reach the page.

import DOMPurify from 'dompurify';

const answer = {
  ALLOWED_TAGS: [
    'a', 'b', 'blockquote', 'br', 'button', 'code', 'del', 'div', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'i',
    'li', 'ol', 'p', 'pre', 's', 'span', 'strong', 'sub', 'sup', 'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul',
  ],
  ALLOWED_ATTR: ['href', 'rel', 'target', 'class', 'start', 'type', 'tabindex', 'data-lang', 'data-display', 'data-align'],
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:)/i,
  // DOMPurify holds every other attribute against the pattern for addresses.
  ADD_URI_SAFE_ATTR: ['rel', 'target', 'start', 'type', 'tabindex', 'data-lang', 'data-display', 'data-align'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

/** HTML made from a model's words, as nodes that are safe to insert. */
export function sanitize(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, { ...answer, RETURN_DOM_FRAGMENT: true });
}

/** Highlighted code: coloured spans and nothing else. */
export function sanitizeCode(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: ['span'],
    ALLOWED_ATTR: ['class'],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}
