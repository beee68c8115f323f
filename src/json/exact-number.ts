/** How often a JSON writer has met one; see `writeJson`. */
let written = 0;

/**
 * A number of a JSON text that a JavaScript number would not give back as it was written: `9007199254740993`, `1.0`,
 * `1E5`, `1e400`, `-0`. Counts as the nearest number, its text is the one that was read.
 */
export class ExactNumber extends Number {
  /** @param text a number as JSON writes it */
  constructor(readonly text: string) {
    super(text);
  }

  override toString(): string {
    return this.text;
  }

  /** What other JSON writers than ours make of it: the nearest number. */
  toJSON(): number {
    written += 1;
    return this.valueOf();
  }
}

/** Counts every time that a JSON writer has met an exact number. */
export function exactNumbersMet(): number {
  return written;
}
