import { isObject } from '../bitrix24/json-values.js';
import {
  NOTHING,
  type PortalActivity,
  type QueueCount,
  rateOf,
  RECENT,
  type Round,
  type Sample,
  SAMPLES,
  worstLag,
} from './activity.js';

/** What the replica in which a portal's rounds run tells of it: what its own dashboard shows. */
export interface PortalReport {
  /** Unix ms. */
  readonly at: number;
  /** Events a second. */
  readonly rate: number;
  readonly failureRate: number;
  readonly lagMs: number | null;
  /** `samples` is empty where there was no room for them; `inFlight` is left to the ledger. */
  readonly activity: PortalActivity;
}

/**
 * One portal as it is written, as short as can be. Times are milliseconds before the report, because the clocks of
 * replicas differ.
 */
interface Entry {
  /** Not written: 0. */
  readonly rate?: number;
  readonly failureRate?: number;
  readonly lagMs?: number;
  /** When, and what it did, in the order of {@link DEEDS}. */
  readonly round?: readonly number[];
  /** Whether more waited, 0 or 1; not written where the round did not ask. */
  readonly more?: number;
  readonly failure?: string;
  /** When an earlier round asked whether more waited, and its answer; where the last one did not. */
  readonly backlog?: readonly number[];
  /** When, and how many: pending, marked, held. */
  readonly queueCount?: readonly number[];
  readonly tookMs?: number;
  /** Events of each sample from the first one that has any. */
  readonly published?: readonly number[];
  readonly failed?: readonly number[];
}

/** Another form gets another number: during an upgrade, replicas of two versions read each other. */
const FORM = 1;
/** However many portals there are: a report goes along with every heartbeat. */
const LONGEST = 262_144;
const LONGEST_WITH_CHARTS = LONGEST / 2;
const LONGEST_FAILURE = 150;
/** Nothing that is counted or measured comes near it, and a date that is so far away is still one. */
const LARGEST = 1e12;
const DEEDS = ['reserved', 'errorRows', 'adopted', 'marked', 'cleared'] as const;

/**
 * Writes what is known of portals, by member id. The figures of all come before the chart of the first: what finds no
 * room is left out.
 * @param portals what is known of each, with so many samples at least
 */
export function writeReport(
  portals: ReadonlyMap<string, (spans: number) => PortalActivity>,
  now: number,
): string {
  const parts = new Map<string, string>();
  let length = frame(true, []).length;
  /** Whether it has found room. */
  const put = (memberId: string, entry: Entry, longest: number): boolean => {
    const part = `${JSON.stringify(memberId)}:${JSON.stringify(entry)}`;
    const before = parts.get(memberId);
    const longer = length + part.length - (before === undefined ? -1 : before.length);
    if (longer > longest) return false;
    length = longer;
    parts.set(memberId, part);
    return true;
  };
  const figures = [...portals].map(([memberId, seen]) => [memberId, figuresOf(seen(RECENT), now)] as const);
  for (const [memberId, entry] of figures) put(memberId, entry, LONGEST);
  const charted = figures.every(([memberId, entry]) => {
    const chart = chartOf(portals.get(memberId)?.(SAMPLES).samples ?? []);
    return chart === null || put(memberId, { ...entry, ...chart }, LONGEST_WITH_CHARTS);
  });
  return frame(charted, [...parts.values()]);
}

/**
 * Reads what another replica has written, by member id. What makes no sense is left out.
 * @param at when it was written, by the reader's clock
 */
export function readReport(text: string, at: number): ReadonlyMap<string, PortalReport> {
  const reports = new Map<string, PortalReport>();
  const { entries, charted } = entriesOf(text);
  for (const [memberId, entry] of Object.entries(entries)) {
    try {
      reports.set(memberId, reportOf(entry, charted, at));
    } catch (error) {
      if (!(error instanceof Senseless)) throw error;
    }
  }
  return reports;
}

function frame(charted: boolean, portals: readonly string[]): string {
  return `{"form":${FORM},"charted":${Number(charted)},"portals":{${portals.join(',')}}}`;
}

function figuresOf({ samples, round, backlog, queueCount, tookMs }: PortalActivity, now: number): Entry {
  const rate = rateOf(samples, ({ published }) => published);
  const failureRate = rateOf(samples, ({ failed }) => failed);
  const lagMs = worstLag(samples);
  const ago = (at: number) => Math.max(0, now - at);
  return {
    ...(rate > 0 && { rate }),
    ...(failureRate > 0 && { failureRate }),
    ...(lagMs !== null && { lagMs: Math.round(lagMs) }),
    ...(round !== null && { round: [ago(round.at), ...DEEDS.map((deed) => round[deed])] }),
    ...(typeof round?.more === 'boolean' && { more: Number(round.more) }),
    ...(typeof round?.failure === 'string' && { failure: round.failure.slice(0, LONGEST_FAILURE) }),
    ...(backlog !== null && round?.more === null && { backlog: [ago(backlog.at), Number(backlog.more)] }),
    ...(tookMs !== null && { tookMs: Math.round(tookMs) }),
    ...(queueCount !== null && {
      queueCount: [ago(queueCount.at), queueCount.pending, queueCount.marked, queueCount.held],
    }),
  };
}

/** Null where there is nothing to draw. */
function chartOf(samples: readonly Sample[]): Entry | null {
  const fromFirst = (count: (sample: Sample) => number) => {
    const first = samples.findIndex((sample) => count(sample) > 0);
    return first < 0 ? [] : samples.slice(first).map(count);
  };
  const [published, failed] = [fromFirst((sample) => sample.published), fromFirst((sample) => sample.failed)];
  if (published.length + failed.length === 0) return null;
  return { ...(published.length > 0 && { published }), ...(failed.length > 0 && { failed }) };
}

/** Part of a report makes no sense: another program or another version wrote it. */
class Senseless extends Error {}

/** `charted`: a portal without a chart is one of which there is nothing to draw. */
function entriesOf(text: string): { readonly entries: Record<string, unknown>; readonly charted: boolean } {
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    report = null;
  }
  if (!isObject(report) || report['form'] !== FORM) return { entries: {}, charted: false };
  const { portals, charted } = report;
  return { entries: isObject(portals) ? portals : {}, charted: charted === 1 };
}

function reportOf(entry: unknown, charted: boolean, at: number): PortalReport {
  if (!isObject(entry)) throw new Senseless();
  const { rate = 0, failureRate = 0, lagMs = null, tookMs = null } = entry;
  const round = roundOf(entry, at);
  return {
    at,
    rate: amount(rate),
    failureRate: amount(failureRate),
    lagMs: lagMs === null ? null : amount(lagMs),
    activity: {
      samples: charted || 'published' in entry || 'failed' in entry ? samplesOf(entry) : [],
      inFlight: null,
      round,
      backlog: backlogOf(entry, round, at),
      queueCount: queueCountOf(entry, at),
      tookMs: tookMs === null ? null : amount(tookMs),
    },
  };
}

function roundOf({ round, more, failure = null }: Record<string, unknown>, at: number): Round | null {
  if (round === undefined) return null;
  const [ago = 0, ...done] = amounts(round, 1 + DEEDS.length);
  const [reserved = 0, errorRows = 0, adopted = 0, marked = 0, cleared = 0] = done;
  if (failure !== null && typeof failure !== 'string') throw new Senseless();
  return {
    at: at - ago,
    reserved,
    errorRows,
    adopted,
    marked,
    cleared,
    more: more === undefined ? null : amount(more) > 0,
    failure: failure === null ? null : failure.slice(0, LONGEST_FAILURE),
  };
}

function backlogOf(
  { backlog }: Record<string, unknown>,
  round: Round | null,
  at: number,
): PortalActivity['backlog'] {
  if (round !== null && round.more !== null) return { at: round.at, more: round.more };
  if (backlog === undefined) return null;
  const [ago = 0, more = 0] = amounts(backlog, 2);
  return { at: at - ago, more: more > 0 };
}

function queueCountOf({ queueCount }: Record<string, unknown>, at: number): QueueCount | null {
  if (queueCount === undefined) return null;
  const [ago = 0, pending = 0, marked = 0, held = 0] = amounts(queueCount, 4);
  return { at: at - ago, pending, marked, held };
}

function samplesOf({ published = [], failed = [] }: Record<string, unknown>): readonly Sample[] {
  const [last, lastFailed] = [amounts(published).reverse(), amounts(failed).reverse()];
  return Array.from({ length: SAMPLES }, (_, index): Sample => {
    const back = SAMPLES - 1 - index;
    const sample = { published: last[back] ?? 0, failed: lastFailed[back] ?? 0, lagMs: null };
    return sample.published + sample.failed === 0 ? NOTHING : sample;
  });
}

function amounts(value: unknown, count?: number): number[] {
  if (!Array.isArray(value) || (count !== undefined && value.length !== count)) throw new Senseless();
  return value.map(amount);
}

function amount(value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= LARGEST)) throw new Senseless();
  return value;
}
