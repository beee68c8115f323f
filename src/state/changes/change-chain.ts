/** What was last published of an object. */
export interface Published {
  readonly text: string;
  /** What another event had published before; null where none had. */
  readonly previous: string | null;
  /** The event that told of it. */
  readonly by: string;
}

interface Told {
  readonly seq: number;
  readonly by: string;
  text: string;
  /** What it was compared with was not confirmed. */
  unfounded: boolean;
  confirmed: boolean;
}

/**
 * Which states of one object events have told, from what is on record to those that the broker has not confirmed yet, in
 * the order in which they were made. Each compares itself with the one before it; only what was confirmed, and
 * whose comparison was, is put on record. So a change may be told twice, and none is lost.
 */
export class ChangeChain {
  private readonly told: Told[] = [];
  /** The object was deleted: nothing more is put on record. */
  private deleted = false;
  /** Undefined until it is read; null where nothing is on record. */
  private record: Published | null | undefined = undefined;

  /** Whether what is on record was read. */
  get loaded(): boolean {
    return this.record !== undefined;
  }

  /** What is on record; where that was put there meanwhile, it stays. */
  load(record: Published | null): void {
    this.record ??= record;
  }

  /**
   * An event tells of this state.
   * @returns the state that it compares with; null for the first that is ever told
   */
  tell(seq: number, by: string, text: string): string | null {
    const at = this.told.findIndex((one) => one.seq === seq);
    const earlier = at < 0 ? this.told : this.told.slice(0, at);
    const before = earlier.findLast(({ unfounded }) => !unfounded);
    if (at < 0) this.told.push({ seq, by, text, unfounded: false, confirmed: false });
    else Object.assign(this.told[at] ?? {}, { text, unfounded: false });
    if (before !== undefined) return before.text;
    const record = this.record ?? null;
    // Told again, it tells the same change, up to now.
    return record?.by === by ? record.previous : (record?.text ?? null);
  }

  /**
   * The broker has confirmed it.
   * @returns what is to be put on record; null where nothing is new
   */
  confirmed(seq: number): Published | null {
    const one = this.told.find((told) => told.seq === seq);
    if (one === undefined) return null;
    one.confirmed = true;
    return this.settle();
  }

  /** It was not confirmed. */
  lost(seq: number): void {
    const at = this.told.findIndex((one) => one.seq === seq);
    if (at < 0) return;
    for (const later of this.told.slice(at + 1)) later.unfounded = true;
    this.told.splice(at, 1);
    // What follows says nothing for the record, and the next event compares with that again.
    this.settle();
  }

  /** The object is no more. */
  delete(): void {
    this.deleted = true;
    this.record = null;
  }

  private settle(): Published | null {
    const before = this.record ?? null;
    for (let first = this.told[0]; first?.confirmed === true; first = this.told[0]) {
      this.told.shift();
      if (first.unfounded || this.deleted) continue;
      const { record } = this;
      if (record?.text === first.text) continue;
      const previous = record?.by === first.by ? record.previous : (record?.text ?? null);
      this.record = { text: first.text, previous, by: first.by };
    }
    const now = this.record ?? null;
    return now === before ? null : now;
  }
}
