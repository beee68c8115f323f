import { Injectable } from '@nestjs/common';
import { type Actor } from '../../audit/actor.js';
import { type DeliveryState } from '../../database/schema.js';
import { type Choice as Chosen } from '../../events/event-desk.js';
import { DISCARDABLE } from '../../ledger/discard.js';
import { type DeliveryRecord } from '../../ledger/find-deliveries.js';
import { retriedOf, RETRYABLE } from '../../ledger/retry-now.js';
import { countedStates } from '../../events/counted-states.js';
import { Phrase } from '../../i18n/translate.js';
import { type Choice, filterOf } from './event-query.js';
import { ObservedService } from '../live/observed-service.js';

export type ActionName = 'retry' | 'discard';

/** Chosen deliveries before anything is done to them. */
export interface Preview {
  /** By state; a state with none is missing. */
  readonly counts: Readonly<Partial<Record<DeliveryState, number>>>;
  /** How many of them the action applies to. */
  readonly possible: number;
  readonly total: number;
  /** The highest of their numbers. */
  readonly upToSeq: number;
  /** Some of them, as examples. */
  readonly some: readonly DeliveryRecord[];
}

/** Deliveries named in the question. */
const NAMED = 5;

const STATES_OF: Readonly<Record<ActionName, readonly DeliveryState[]>> = {
  retry: RETRYABLE,
  discard: DISCARDABLE,
};

const NOTHING_CHOSEN = [Phrase.of('done.nothing')];

/** Retries and discards for people, who are told what was done. */
@Injectable()
export class EventActions {
  constructor(private readonly service: ObservedService) {}

  async preview(action: ActionName, choice: Choice): Promise<Preview> {
    const { desk } = this.service;
    const chosen = this.chosen(choice);
    if (chosen === null) return { counts: {}, possible: 0, total: 0, upToSeq: 0, some: [] };
    const counts = await desk.count(chosen);
    const sum = (states: readonly string[]) =>
      Object.entries(counts).reduce(
        (total, [state, count]) => total + (states.includes(state) ? count : 0),
        0,
      );
    return {
      counts,
      possible: sum(STATES_OF[action]),
      total: sum(Object.keys(counts)),
      upToSeq: (await desk.seqs(chosen)).at(-1) ?? 0,
      some: await desk.some(chosen, NAMED),
    };
  }

  /** Makes deliveries due now. Returns the notice for the user. */
  async retry(choice: Choice, by: Actor): Promise<readonly Phrase[]> {
    const chosen = this.chosen(choice);
    if (chosen === null) return NOTHING_CHOSEN;
    const retried = await this.service.desk.retry(chosen, by);
    const { renewed, fetched, left, matched } = retried;
    if (matched === 0) return NOTHING_CHOSEN;
    const words = [Phrase.of('done.due', { due: retriedOf(retried), matched })];
    if (renewed > 0) {
      const attempts = this.service.settings.RETRY_MAX_ATTEMPTS;
      words.push(Phrase.of('done.renewed', { renewed, attempts }));
    }
    if (fetched > 0) words.push(Phrase.of('done.fetched', { fetched }));
    return [...words, ...leftWords(left)];
  }

  /** Gives deliveries up. Returns the notice for the user. */
  async discard(choice: Choice, by: Actor): Promise<readonly Phrase[]> {
    const chosen = this.chosen(choice);
    if (chosen === null) return NOTHING_CHOSEN;
    const { discarded, left, matched } = await this.service.desk.discard(chosen, by);
    if (matched === 0) return NOTHING_CHOSEN;
    return [Phrase.of('done.discarded', { discarded, matched }), ...leftWords(left)];
  }

  /** Null where the query names an unknown portal. */
  private chosen(choice: Choice): Chosen | null {
    if ('seqs' in choice) return choice;
    const filter = filterOf(choice.query, this.service.registry);
    if (filter === null) return null;
    return { filter: choice.upToSeq === null ? filter : { ...filter, upToSeq: choice.upToSeq } };
  }
}

function leftWords(left: Partial<Record<DeliveryState, number>>): Phrase[] {
  const states = countedStates(left);
  if (states.length === 0) return [];
  const words = [Phrase.of('done.left', { states })];
  return left.failed === undefined ? words : [...words, Phrase.of('done.justFailed')];
}
