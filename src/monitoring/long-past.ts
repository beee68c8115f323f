/** What happened within one span of a chart. */
export interface PastSpan {
  readonly published: number;
  readonly failed: number;
  /** Longest time from a change on the portal to its publish, ms; null where nothing was published. */
  readonly lagMs: number | null;
}

/** A chart's worth of the past, oldest first; the last span is not over yet. Null: this process does not know of it. */
export interface Past {
  readonly spanMs: number;
  readonly spans: readonly (PastSpan | null)[];
  /** How much of the last span is over and was seen. */
  readonly lastMs: number;
}

/** How far back a chart goes. */
export const REACHES = ['minutes', 'hour', 'day'] as const;

export type Reach = (typeof REACHES)[number];

/** As many as a chart has room for: five minutes, an hour, a day. */
const RINGS: Readonly<Record<Reach, { readonly spanMs: number; readonly spans: number }>> = {
  minutes: { spanMs: 2000, spans: 150 },
  hour: { spanMs: 60_000, spans: 60 },
  day: { spanMs: 600_000, spans: 144 },
};

/** Spans in a ring, each in its place; `of` says which one is there. All of a portal take some kilobytes. */
class Ring {
  private readonly of: Uint32Array;
  private readonly published: Uint32Array;
  private readonly failed: Uint32Array;
  private readonly lagMs: Float32Array;

  constructor(
    private readonly spanMs: number,
    private readonly spans: number,
  ) {
    this.of = new Uint32Array(spans);
    this.published = new Uint32Array(spans);
    this.failed = new Uint32Array(spans);
    this.lagMs = new Float32Array(spans);
  }

  add(now: number, published: number, failed: number, lagMs: number | null): void {
    const span = Math.floor(now / this.spanMs);
    const place = span % this.spans;
    if (this.of[place] !== span) {
      this.of[place] = span;
      this.published[place] = this.failed[place] = 0;
      this.lagMs[place] = -1;
    }
    this.published[place] = (this.published[place] ?? 0) + published;
    this.failed[place] = (this.failed[place] ?? 0) + failed;
    if (lagMs !== null) this.lagMs[place] = Math.max(this.lagMs[place] ?? -1, lagMs);
  }

  /** @param since what is before is not known */
  read(now: number, since: number): Past {
    const last = Math.floor(now / this.spanMs);
    const known = Math.floor(since / this.spanMs);
    const spans = Array.from({ length: this.spans }, (_, index): PastSpan | null => {
      const span = last - this.spans + 1 + index;
      if (span < known) return null;
      const place = span % this.spans;
      if (this.of[place] !== span) return { published: 0, failed: 0, lagMs: null };
      const lagMs = this.lagMs[place] ?? -1;
      return {
        published: this.published[place] ?? 0,
        failed: this.failed[place] ?? 0,
        lagMs: lagMs < 0 ? null : lagMs,
      };
    });
    const lastMs = Math.max(1, now - Math.max(since, last * this.spanMs));
    return { spanMs: this.spanMs, spans, lastMs };
  }
}

/** The last minutes, the last hour and the last day, from what this process has seen since it started. */
export class LongPast {
  private readonly rings = {
    minutes: new Ring(RINGS.minutes.spanMs, RINGS.minutes.spans),
    hour: new Ring(RINGS.hour.spanMs, RINGS.hour.spans),
    day: new Ring(RINGS.day.spanMs, RINGS.day.spans),
  };

  /** @param since Unix ms */
  constructor(readonly since: number) {}

  add(now: number, published: number, failed: number, lagMs: number | null): void {
    for (const ring of Object.values(this.rings)) ring.add(now, published, failed, lagMs);
  }

  read(reach: Reach, now: number): Past {
    return this.rings[reach].read(now, this.since);
  }
}

/** The past of which nothing is known. */
export function unknownPast(reach: Reach): Past {
  const { spanMs, spans } = RINGS[reach];
  return { spanMs, spans: new Array<null>(spans).fill(null), lastMs: spanMs };
}
