import { NOTIFICATION_MIN_SECONDS } from '../../portals/binding-keeper.js';

/** What a check of a portal's bindings said of its notifications. */
export type Notifies =
  /** None come: nothing is bound for us, or they could not be believed. */
  | 'no'
  /** They were bound. */
  | 'yes'
  /** They were missing and are bound now: there was no notification of what changed before. */
  | 'anew';

/** What is known of a portal's notifications and of how quiet it is. Times in Unix ms. */
export interface IdlePace {
  readonly notified: boolean;
  /** A change came without a notification: they are not relied on until the next one. */
  readonly missed: boolean;
  /** Of changes older than this there need not have been a notification. */
  readonly boundAt: number;
  readonly notifiedAt: number;
  /** When the request was sent that last read the queue. */
  readonly queueReadAt: number;
  /** Rounds in a row that found nothing to do. */
  readonly emptyRounds: number;
}

export interface IdleSettings {
  readonly DRAIN_INTERVAL_MS: number;
  readonly DRAIN_MAX_INTERVAL_MS: number;
}

/** What a round saw of the queue. */
interface QueueReading {
  /** Whether the queue was read at all; a broker that is down, for one, keeps a round from it. */
  readonly queueRead: boolean;
  /** Whether it did anything: events, marks, clears, failures. */
  readonly busy: boolean;
  /** Age of the oldest change among the new events by the portal's clock, ms; null where there was none. */
  readonly oldestAgeMs: number | null;
  readonly sentAt: number;
}

/** A notification travels, and the portal's times are whole seconds: a change this young may yet have one. */
const GRACE_MS = 5000;
/** What changes within the portal's own pause after a notification has none: one more round finds it. */
const FOLLOW_UP_MS = NOTIFICATION_MIN_SECONDS * 1000 + 250;
/** Portals that paused together do not for long. */
const JITTER = 0.1;
/** Those that come to rest together, after a start say, are spread over the longest pause while theirs still grow. */
const JITTER_WHILE_GROWING = 0.5;
/**
 * A process that sleeps between two requests does each of them with cold caches, which takes longer. So what is asked
 * rarely is asked in groups: pauses end at multiples of this part of themselves, by the clock.
 */
const GROUPED_PART = 1 / 20;
const GROUPED_AT_MOST_MS = 1000;

/** As after a start: no notification is relied on. */
export const FRESH_PACE: IdlePace = {
  notified: false,
  missed: false,
  boundAt: Number.NEGATIVE_INFINITY,
  notifiedAt: Number.NEGATIVE_INFINITY,
  queueReadAt: Number.NEGATIVE_INFINITY,
  emptyRounds: 0,
};

/** The bindings were checked, or may be gone. Pure. */
export function bindingsSeen(pace: IdlePace, notifies: Notifies, now: number): IdlePace {
  if (notifies === 'no') return { ...pace, notified: false };
  if (notifies === 'yes' && pace.notified) return pace;
  return { ...pace, notified: true, missed: false, boundAt: now, emptyRounds: 0 };
}

/** A notification came. Pure. */
export function notified(pace: IdlePace, now: number): IdlePace {
  return { ...pace, missed: false, notifiedAt: now, emptyRounds: 0 };
}

/**
 * A round has ended. A change that is old enough to have had a notification, and newer than the last one, was missed.
 * Pure.
 */
export function roundEnded(pace: IdlePace, reading: QueueReading, now: number): IdlePace {
  const { queueRead, busy, oldestAgeMs, sentAt } = reading;
  // A time of the future was written before the clock was set back.
  const notifiedAgoMs = now - Math.min(now, Math.max(pace.boundAt, pace.notifiedAt));
  const late =
    pace.notified && oldestAgeMs !== null && oldestAgeMs > GRACE_MS && notifiedAgoMs > oldestAgeMs + GRACE_MS;
  return {
    ...pace,
    missed: pace.missed || late,
    queueReadAt: queueRead ? sentAt : pace.queueReadAt,
    emptyRounds: busy || !queueRead ? 0 : pace.emptyRounds + 1,
  };
}

/** How long an idle portal need not be asked, ms. */
export interface IdlePause {
  /** Together with others whose pauses end at about the same time: of a process that is at rest. */
  readonly groupedMs: number;
  /** By itself, no sooner than that: of one that has much to do, where a group would hold up everything else. */
  readonly aloneMs: number;
}

/**
 * How long an idle portal need not be asked: `DRAIN_INTERVAL_MS` or slightly more, and while its notifications
 * can be relied on twice that after every empty round, up to `DRAIN_MAX_INTERVAL_MS`. Such pauses end in groups. Soon
 * after a notification it is asked once more. Pure.
 * @param random from 0 to 1
 */
export function idlePause(pace: IdlePace, settings: IdleSettings, now: number, random: number): IdlePause {
  const { DRAIN_INTERVAL_MS: interval, DRAIN_MAX_INTERVAL_MS: longest } = settings;
  const followUpAt = pace.notifiedAt + FOLLOW_UP_MS;
  if (pace.queueReadAt < followUpAt && now < followUpAt && pace.notifiedAt <= now)
    return alone(Math.min(interval, followUpAt - now));
  const relied = pace.notified && !pace.missed;
  const doubled = relied ? Math.min(Math.max(pace.emptyRounds - 1, 0), 30) : 0;
  const pause = Math.min(interval * 2 ** doubled, longest);
  if (pause <= interval) return alone(interval * (1 + JITTER * random));
  const growing = interval * 2 ** (doubled - 1) < longest;
  const groupedMs = Math.min(pause * GROUPED_PART, GROUPED_AT_MOST_MS);
  const aloneMs = Math.round(pause * (1 - (growing ? JITTER_WHILE_GROWING : JITTER) * random));
  const endsAt = now + aloneMs;
  return {
    groupedMs: Math.max(interval, endsAt - (endsAt % groupedMs) - now),
    aloneMs: Math.max(interval, aloneMs),
  };
}

function alone(ms: number): IdlePause {
  return { groupedMs: ms, aloneMs: ms };
}
