/** The largest body that is sent: the configured limit, or a lower one that the broker named. */
export class SizeLimit {
  private current: number;

  constructor(private readonly configured: number) {
    this.current = configured;
  }

  /** Bytes. */
  get bytes(): number {
    return this.current;
  }

  /** Another broker may have another limit. */
  reset(): void {
    this.current = this.configured;
  }

  /** Takes a lower limit from what a broker said of a message; returns whether there was one. */
  learn(reason: string): boolean {
    const named = namedSizeLimit(reason);
    if (named === null || named >= this.current) return false;
    this.current = named;
    return true;
  }
}

/** N of "message size M is larger than configured max size N". */
export function namedSizeLimit(reason: string): number | null {
  const limit = /message size \d+ is larger than .*size (\d+)/.exec(reason)?.[1];
  return limit === undefined ? null : Number(limit);
}
