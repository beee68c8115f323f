import { type RoundFacts } from '../drain/loop/loop-dependencies.js';
import { LongPast, type Past, type Reach, unknownPast } from './long-past.js';

/** What happened at one portal within {@link SAMPLE_MS}. */
export interface Sample {
  readonly published: number;
  readonly failed: number;
  /** Longest time from a change on the portal to its publish, ms; null where nothing was published. */
  readonly lagMs: number | null;
}

export type Round = RoundFacts & { /** Unix ms. */ readonly at: number };

/** Rows in a portal's queue, by what they wait for. */
export interface QueueCount {
  /** Unix ms. */
  readonly at: number;
  readonly pending: number;
  readonly marked: number;
  readonly held: number;
}

/** A reply that could not be understood. */
export interface Rejection {
  /** Unix ms. */
  readonly at: number;
  readonly reason: string;
  /** The beginning of what was sent. */
  readonly excerpt: string;
}

/** What this process has seen of one portal since it started; null for what it has not seen. */
export interface PortalActivity {
  /** The last five minutes, oldest first; the last sample is not over yet. */
  readonly samples: readonly Sample[];
  readonly inFlight: number | null;
  readonly round: Round | null;
  /** Whether more events waited when a round last asked for some. */
  readonly backlog: { readonly at: number; readonly more: boolean } | null;
  readonly queueCount: QueueCount | null;
  /** How long the last round took that the portal answered, until it was written. */
  readonly tookMs: number | null;
}

export const SAMPLE_MS = 2000;
export const SAMPLES = 150;
/** As many as rates and lag are taken from. */
export const RECENT = 60_000 / SAMPLE_MS;
const REJECTIONS = 20;
const EXCERPT_BYTES = 300;

export const NOTHING: Sample = { published: 0, failed: 0, lagMs: null };
/** Most of many portals are at rest: theirs are the same. */
export const SILENCE: readonly Sample[] = new Array<Sample>(SAMPLES).fill(NOTHING);

interface Seen {
  /** One place for each of the last {@link SAMPLES} spans; `span` tells which one it is of. */
  readonly ring: ({ span: number } & Sample)[];
  /** The last span of which there is one. */
  latest: number;
  inFlight: number | null;
  round: Round | null;
  backlog: PortalActivity['backlog'];
  queueCount: QueueCount | null;
  tookMs: number | null;
  readonly long: LongPast;
}

/** The recent past of every portal, by its name, in a fixed amount of memory for each: for people who watch. */
export class Activity {
  private readonly portals = new Map<string, Seen>();
  private readonly rejected: Rejection[] = [];

  private readonly all: LongPast;

  constructor(private readonly now: () => number = Date.now) {
    this.all = new LongPast(now());
  }

  /** @param lagMs null where it says nothing, as of retries */
  published(portal: string, count: number, lagMs: number | null): void {
    const sample = this.sampleOf(portal);
    this.remember(portal, count, 0, lagMs);
    this.put(portal, {
      ...sample,
      published: sample.published + count,
      lagMs: lagMs === null ? sample.lagMs : Math.max(sample.lagMs ?? 0, lagMs),
    });
  }

  failed(portal: string, count: number): void {
    if (count === 0) return;
    this.remember(portal, 0, count, null);
    const sample = this.sampleOf(portal);
    this.put(portal, { ...sample, failed: sample.failed + count });
  }

  inFlight(portal: string, count: number): void {
    this.recordOf(portal).inFlight = count;
  }

  round(portal: string, facts: RoundFacts): void {
    const record = this.recordOf(portal);
    const at = this.now();
    record.round = { ...facts, at };
    if (facts.more !== null) record.backlog = { at, more: facts.more };
  }

  roundTook(portal: string, seconds: number): void {
    this.recordOf(portal).tookMs = seconds * 1000;
  }

  queueCounted(portal: string, queueCount: Omit<QueueCount, 'at'>): void {
    this.recordOf(portal).queueCount = { ...queueCount, at: this.now() };
  }

  /** Another process runs the portal's rounds from now on, or none does. */
  forget(portal: string): void {
    this.portals.delete(portal);
  }

  rejectedReply(reason: string, content: Buffer): void {
    const excerpt = content.subarray(0, EXCERPT_BYTES).toString('utf8');
    this.rejected.unshift({ at: this.now(), reason, excerpt });
    this.rejected.length = Math.min(this.rejected.length, REJECTIONS);
  }

  /** The last replies that could not be understood, the latest first. */
  rejections(): readonly Rejection[] {
    return this.rejected;
  }

  inFlightOf(portal: string): number | null {
    return this.portals.get(portal)?.inFlight ?? null;
  }

  /** @param spans how many samples there have to be, at least */
  of(portal: string, spans = SAMPLES): PortalActivity {
    const record = this.portals.get(portal);
    return {
      samples: record === undefined ? SILENCE : this.samplesOf(record, spans),
      inFlight: record?.inFlight ?? null,
      round: record?.round ?? null,
      backlog: record?.backlog ?? null,
      queueCount: record?.queueCount ?? null,
      tookMs: record?.tookMs ?? null,
    };
  }

  /** The past of one portal for a chart, or of all together; what was before this process started is unknown. */
  past(portal: string | null, reach: Reach): Past {
    const long = portal === null ? this.all : this.portals.get(portal)?.long;
    return long?.read(reach, this.now()) ?? unknownPast(reach);
  }

  private remember(portal: string, published: number, failed: number, lagMs: number | null): void {
    const now = this.now();
    for (const long of [this.recordOf(portal).long, this.all]) long.add(now, published, failed, lagMs);
  }

  private samplesOf({ ring, latest }: Seen, spans: number): readonly Sample[] {
    const last = this.span();
    if (latest <= last - SAMPLES) return SILENCE;
    const samples: Sample[] = [];
    for (let span = last - spans + 1; span <= last; span += 1) {
      const sample = ring[span % SAMPLES];
      samples.push(sample?.span === span ? sample : NOTHING);
    }
    return samples;
  }

  private span(): number {
    return Math.floor(this.now() / SAMPLE_MS);
  }

  private recordOf(portal: string): Seen {
    let record = this.portals.get(portal);
    if (record === undefined) {
      record = {
        ring: [],
        latest: 0,
        inFlight: null,
        round: null,
        backlog: null,
        queueCount: null,
        tookMs: null,
        long: new LongPast(this.now()),
      };
      this.portals.set(portal, record);
    }
    return record;
  }

  private sampleOf(portal: string): Sample {
    const span = this.span();
    const sample = this.recordOf(portal).ring[span % SAMPLES];
    return sample?.span === span ? sample : NOTHING;
  }

  private put(portal: string, sample: Sample): void {
    const span = this.span();
    const record = this.recordOf(portal);
    record.ring[span % SAMPLES] = { ...sample, span };
    record.latest = span;
  }
}

/** Events a second over the last `seconds`, whole samples only. */
export function rateOf(samples: readonly Sample[], count: (sample: Sample) => number, seconds = 10): number {
  const spans = Math.max(1, Math.round((seconds * 1000) / SAMPLE_MS));
  // The last one is not over yet.
  const recent = samples.slice(-spans - 1, -1);
  return (recent.reduce((sum, sample) => sum + count(sample), 0) * 1000) / (spans * SAMPLE_MS);
}

/** The longest lag of the last minute, ms; null where nothing was published. */
export function worstLag(samples: readonly Sample[]): number | null {
  let worst: number | null = null;
  for (const { lagMs } of samples.slice(-RECENT)) {
    if (lagMs !== null && (worst === null || lagMs > worst)) worst = lagMs;
  }
  return worst;
}
