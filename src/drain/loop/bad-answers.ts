import { UnusableAnswer } from '../../bitrix24/errors.js';
import { type BatchSize } from '../pacing/batch-size.js';
import { type AnswersKnown, type LoopDependencies } from './loop-dependencies.js';

/** After so many in a row the portal is left alone. */
const BAD_ANSWERS = 3;
/** However often it was tried in vain, it is tried again after so long, ms. */
const LONGEST_REST_MS = 3_600_000;

/** One request's answer, as it is counted. */
export interface AnswerWatched {
  /** It is a large one: counted as bad until it is taken in, so that it also counts where it ends this process. */
  large(): Promise<void>;
  /** It was read, and is in the ledger. */
  taken(): Promise<void>;
  /**
   * It could not be had.
   * @returns how long the portal is left alone for it, ms; null where it is not
   */
  failed(error: unknown): Promise<number | null>;
}

/** Whether the portal answered, and its answer cannot be taken in: asked again, it may well answer the same. */
export function isBadAnswer(error: unknown): error is UnusableAnswer {
  return error instanceof UnusableAnswer && (error.status === null || error.status === 200);
}

/** Whether reading such an answer costs much, so that it is asked for in small pages and seldom. */
function costsMuch({ code }: UnusableAnswer): boolean {
  return code === 'ANSWER_TOO_LARGE' || code === 'ANSWER_TOO_COMPLEX';
}

/** After the `bad`th bad answer in a row. */
export function restMs(bad: number, recheckMs: number): number {
  return Math.min(recheckMs * 2 ** Math.min(bad - BAD_ANSWERS, 20), Math.max(recheckMs, LONGEST_REST_MS));
}

/**
 * Counts answers of one portal that cost much and cannot be taken in. After each the portal is asked for fewer events, at
 * last for a single one; after {@link BAD_ANSWERS} in a row it is left alone, for a time that grows. All of this is on record before
 * anything else happens, so that a process which such an answer ends does not begin with asking for it again.
 */
export class BadAnswers {
  private readonly rests: number;

  constructor(
    private readonly deps: Pick<LoopDependencies, 'portal' | 'log' | 'settings'>,
    private readonly size: BatchSize,
    private readonly now: () => number,
  ) {
    this.rests = deps.settings.PORTAL_RECHECK_MS;
    size.startAfter(this.known().bad);
  }

  /** How much longer the portal is left alone, ms; 0: it is not. */
  leftAloneFor(): number {
    const { bad, askAgainAt } = this.known();
    if (bad < BAD_ANSWERS || askAgainAt === null) return 0;
    const left = askAgainAt - this.now();
    // A time so far in the future was written before the clock was set back.
    return left > restMs(bad, this.rests) ? 0 : Math.max(left, 0);
  }

  /** Says so of a portal that is left alone, where the process did not live to say it. */
  async tellState(): Promise<void> {
    const { portal } = this.deps;
    if (portal.state() !== 'suspended')
      await portal.setState('suspended', this.reason('the last one ended the process that read it'));
  }

  /** Watches the answer to the next request. */
  watch(): AnswerWatched {
    const { portal, log } = this.deps;
    const { bad: before } = this.known();
    let counted = false;
    const bad = before + 1;
    const count = async () => {
      if (counted) return;
      counted = true;
      await portal.answers?.set({
        bad,
        askAgainAt: bad < BAD_ANSWERS ? null : this.now() + restMs(bad, this.rests),
      });
    };
    return {
      large: count,
      taken: async () => {
        if (this.known().bad > 0) await portal.answers?.set({ bad: 0, askAgainAt: null });
      },
      failed: async (error) => {
        // What was cut off says nothing of what it would have been. A small page instead of JSON costs nothing
        // and passes as fast as it came: it is asked for again as after any failure.
        if (!isBadAnswer(error) || !(counted || costsMuch(error))) {
          if (counted) await portal.answers?.set({ ...this.known(), bad: before });
          return null;
        }
        const { limit } = this.size;
        await count();
        this.size.tooMuch(bad);
        const nextInMs = bad < BAD_ANSWERS ? null : restMs(bad, this.rests);
        log.warn({
          event: 'answer.refused',
          portal: portal.name,
          reason: error.message,
          inARow: bad,
          limit,
          nextLimit: this.size.limit,
          ...(nextInMs === null ? {} : { nextInMs }),
        });
        if (nextInMs !== null) await portal.setState('suspended', this.reason(error.message));
        return nextInMs;
      },
    };
  }

  private known(): AnswersKnown {
    return this.deps.portal.answers?.known() ?? { bad: 0, askAgainAt: null };
  }

  private reason(last: string): string {
    const { bad } = this.known();
    const { name } = this.deps.portal;
    return (
      `${bad} answers in a row could not be taken in, the last when a single event was asked for: ${last}. ` +
      `It is asked again more and more slowly; at once by: bitrix24-bridge portals resume ${name}`
    );
  }
}
