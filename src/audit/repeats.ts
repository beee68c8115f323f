import { type NewEntry } from './entries.js';

const PERIOD_MS = 3_600_000;
/** Different actors of one action in a period; the others share one entry. */
const DIFFERENT = 100;

interface Noted {
  readonly since: number;
  readonly id: Promise<number | null>;
}

/** What happens often: the first of an hour is an entry, the others raise its count. So a flood fills no database. */
export class Repeats {
  private readonly noted = new Map<string, Noted>();

  async note(
    entry: NewEntry,
    write: {
      readonly first: (entry: NewEntry) => Promise<number | null>;
      readonly more: (id: number) => Promise<void>;
    },
  ): Promise<void> {
    this.forgetOld(entry.at);
    const one = this.shared(entry);
    const key = keyOf(one);
    const known = this.noted.get(key);
    if (known === undefined) {
      const id = write.first(one);
      this.noted.set(key, { since: entry.at, id });
      // What could not be written is tried again by the next.
      if ((await id) === null) this.noted.delete(key);
      return;
    }
    const id = await known.id;
    if (id !== null) await write.more(id);
  }

  /** The entry itself, or that of all others where too many different ones are counted. */
  private shared(entry: NewEntry): NewEntry {
    if (this.noted.has(keyOf(entry))) return entry;
    const same = [...this.noted.keys()].filter((key) => key.startsWith(`${entry.action}\n`)).length;
    if (same < DIFFERENT) return entry;
    return {
      ...entry,
      actor_name: null,
      actor_address: null,
      member_id: null,
      portal: null,
      target: 'many others',
      detail: null,
    };
  }

  private forgetOld(now: number): void {
    for (const [key, { since }] of this.noted)
      if (now - since >= PERIOD_MS || now < since) this.noted.delete(key);
  }
}

function keyOf({ action, actor_kind, actor_name, actor_address, member_id, target }: NewEntry): string {
  return [
    action,
    ...[actor_kind, actor_name, actor_address, member_id, target].map((part) => JSON.stringify(part)),
  ].join('\n');
}
