/**
 * A text for a terminal: what a portal, or a consumer, put into it must not move the cursor, recolour or retitle the
 * screen, or write lines of its own. Line breaks stay, unless `onOneLine`.
 */
export function printable(text: string, onOneLine = false): string {
  return text.replace(/\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    if (character === '\n' && !onOneLine) return character;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
