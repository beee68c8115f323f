interface Entry {
  readonly secret: string;
  /** So many have it. */
  count: number;
  /** Another one that begins alike. */
  next: Entry | null;
}

/** Shorter secrets are looked for one by one; portals' tokens are longer. */
const BEGINNING = 16;

/**
 * Finds which of very many secrets a text holds, at a cost that grows with the text and not with their number: at each
 * place of the text it looks for those that begin so.
 */
export class SecretIndex {
  private readonly byBeginning = new Map<string, Entry>();
  private readonly short = new Map<string, number>();

  /** Adds a secret, once more where it is there. */
  add(secret: string): void {
    if (secret === '') return;
    if (secret.length < BEGINNING) {
      this.short.set(secret, (this.short.get(secret) ?? 0) + 1);
      return;
    }
    const beginning = secret.slice(0, BEGINNING);
    const first = this.byBeginning.get(beginning) ?? null;
    const known = entryOf(first, secret);
    if (known === null) this.byBeginning.set(beginning, { secret, count: 1, next: first });
    else known.count += 1;
  }

  /** Undoes one {@link add}. */
  remove(secret: string): void {
    if (secret.length < BEGINNING) {
      const count = this.short.get(secret) ?? 0;
      if (count > 1) this.short.set(secret, count - 1);
      else this.short.delete(secret);
      return;
    }
    const beginning = secret.slice(0, BEGINNING);
    const first = this.byBeginning.get(beginning) ?? null;
    const known = entryOf(first, secret);
    if (first === null || known === null) return;
    known.count -= 1;
    if (known.count > 0) return;
    let before: Entry = first;
    while (before.next !== null && before.next !== known) before = before.next;
    if (known !== first) before.next = known.next;
    else if (known.next === null) this.byBeginning.delete(beginning);
    else this.byBeginning.set(beginning, known.next);
  }

  clear(): void {
    this.byBeginning.clear();
    this.short.clear();
  }

  /** Those that the text holds, each once, the longer ones first: one may be part of another. */
  foundIn(text: string): string[] {
    const found = new Set<string>();
    for (const secret of this.short.keys()) if (text.includes(secret)) found.add(secret);
    for (let at = 0; at + BEGINNING <= text.length; at += 1) {
      let entry = this.byBeginning.get(text.slice(at, at + BEGINNING)) ?? null;
      for (; entry !== null; entry = entry.next) {
        if (text.startsWith(entry.secret, at)) found.add(entry.secret);
      }
    }
    return [...found].sort((a, b) => b.length - a.length);
  }
}

function entryOf(first: Entry | null, secret: string): Entry | null {
  let entry = first;
  while (entry !== null && entry.secret !== secret) entry = entry.next;
  return entry;
}
