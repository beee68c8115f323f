/** What a round has seen of the portal's queue. */
export interface QueueRead {
  /** When its request left, Unix ms. */
  readonly sentAt: number;
  /** What was the time on the portal then, Unix seconds. */
  readonly portalTime: number;
  /** Whether it has brought all that was queued, and everything that was reserved before is known. */
  readonly toItsEnd: boolean;
}

/** Until when a portal's queue is known to have been read to its end, under every source key that it has rows under. */
export class QueueReads {
  private readonly emptyAt = new Map<string, number>();
  private skewMs: number | null = null;

  /** @param keys source keys that the portal may have rows under at present */
  constructor(private readonly keys: () => readonly string[]) {}

  read(key: string, { sentAt, portalTime, toItsEnd }: QueueRead): void {
    this.skewMs = portalTime * 1000 - sentAt;
    if (toItsEnd) this.emptyAt.set(key, sentAt);
  }

  /** When the rounds were sent that have read it to its end, the earliest of them, Unix ms; null where one is missing. */
  readToItsEndAt(): number | null {
    const times = this.keys().map((key) => this.emptyAt.get(key) ?? null);
    return times.reduce(
      (earliest, time) => (earliest === null || time === null ? null : Math.min(earliest, time)),
      times.length === 0 ? null : Number.POSITIVE_INFINITY,
    );
  }

  /** The portal's time at ours, Unix seconds; null while it has not told. */
  portalTime(now: number): number | null {
    return this.skewMs === null ? null : Math.floor((now + this.skewMs) / 1000);
  }

  /** Our time at the portal's, Unix ms. */
  ourTime(seconds: number): number {
    return seconds * 1000 - (this.skewMs ?? 0);
  }
}
