/** A path of ours; anything that a browser might take for another site becomes `/`. */
export function ownPath(text: string): string {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(text) && !text.includes('\\') ? text : '/';
}
