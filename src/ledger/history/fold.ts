/**
 * A text without what a search does not go by: case in any alphabet, the form in which accents are written, and how many
 * blanks are between words. Databases differ in what they take for the same letter (SQLite's `lower` knows Latin only),
 * so both get texts that went through here. Pure.
 *
 * Up and down again, since some letters have no lower one of their own: `ß` is `ss`, and the Turkish `İ` and `ı` are
 * found by a plain `i`.
 */
export function fold(text: string): string {
  return (
    text
      .toWellFormed()
      .normalize('NFKC')
      .toLowerCase()
      .toUpperCase()
      .toLowerCase()
      // What is left of İ; and the sigma that only ends words.
      .replaceAll('i\u0307', 'i')
      .replaceAll('ς', 'σ')
      .normalize('NFKC')
      .replace(/[\s\0]+/gu, ' ')
      .trim()
  );
}

/** The pattern of LIKE, with `\` as its escape, that finds a folded text anywhere. */
export function anywhere(folded: string): string {
  return `%${folded.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
}
