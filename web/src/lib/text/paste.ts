// A text box lays out every line that it holds at every key press. Long pastes
// are therefore kept beside it and joined to the message when it is sent.

/** The longest message, in UTF-16 units. Its limit in tokens is the model's business. */
export const maxChars = 2_000_000;

const longChars = 8_000;
const longLines = 200;

export function lineCount(text: string): number {
  let n = 1;
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) n++;
  return n;
}

export function isLong(text: string): boolean {
  return text.length > longChars || lineCount(text) > longLines;
}

export function joinMessage(pastes: string[], typed: string): string {
  return [...pastes, typed.trim()].filter((part) => part !== '').join('\n\n');
}
