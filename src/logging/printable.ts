/** C0 and C1 controls, separators of lines and paragraphs, and what turns the direction of writing. */
const CONTROLS = /\r\n|\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/**
 * A text whose control characters can be seen (`\u001b`) and do nothing: what a portal, or a consumer, put into it must
 * not move the cursor, recolour or retitle the screen, write lines of its own, or show words in another order than they
 * are in. Inside JSON it means the same as before.
 * @param kept those that stay as they are; a line's end of two characters is one `\n`
 */
export function withoutControls(text: string, kept: string): string {
  return text.replace(CONTROLS, (control) => {
    const character = control === '\r\n' ? '\n' : control;
    return kept.includes(character) ? character : shown(character);
  });
}

/** A text for a terminal. Line breaks stay, unless `onOneLine`. */
export function printable(text: string, onOneLine = false): string {
  return withoutControls(text, onOneLine ? '' : '\n');
}

function shown(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
