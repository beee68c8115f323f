import { Injectable } from '@nestjs/common';
import { type Actor } from '../../audit/actor.js';
import { subjectOf } from '../../contract/event.js';
import { type DeliveryState } from '../../database/schema.js';
import { type Choice as Chosen } from '../../events/event-desk.js';
import { parseJson } from '../../json/exact-json.js';
import { DISCARDABLE } from '../../ledger/discard.js';
import { type DeliveryRecord } from '../../ledger/find-deliveries.js';
import { retriedOf, RETRYABLE } from '../../ledger/retry-now.js';
import { countedStates } from '../../events/counted-states.js';
import { Phrase } from '../../i18n/translate.js';
import { type Choice, filterOf } from './trouble-query.js';
import { ObservedService } from '../live/observed-service.js';

export type ActionName = 'retry' | 'discard';

/** Chosen deliveries before anything is done to them. */
export interface Preview {
  /** By state; a state with none is missing. */
  readonly counts: Readonly<Partial<Record<DeliveryState, number>>>;
  /** How many of them the action applies to. */
  readonly possible: number;
  readonly total: number;
  /** Chosen beside them, and gone on since they were seen. */
  readonly changed: number;
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

/** Retries and discards for people, who are told what was done. */
@Injectable()
export class EventActions {
  constructor(private readonly service: ObservedService) {}

  async preview(action: ActionName, choice: Choice): Promise<Preview> {
    const { desk } = this.service;
    const { chosen, changed } = await this.chosen(choice);
    if (chosen === null) return { changed, counts: {}, possible: 0, total: 0, upToSeq: 0, some: [] };
    const counts = await desk.count(chosen);
    const sum = (states: readonly string[]) =>
      Object.entries(counts).reduce(
        (total, [state, count]) => total + (states.includes(state) ? count : 0),
        0,
      );
    return {
      changed,
      counts,
      possible: sum(STATES_OF[action]),
      total: sum(Object.keys(counts)),
      upToSeq: (await desk.seqs(chosen)).at(-1) ?? 0,
      some: await desk.some(chosen, NAMED),
    };
  }

  /** Makes deliveries due now. Returns the notice for the user. */
  async retry(choice: Choice, by: Actor): Promise<readonly Phrase[]> {
    const { chosen, changed } = await this.chosen(choice);
    if (chosen === null) return nothingChosen(changed);
    const which = await this.which(chosen);
    const retried = await this.service.desk.retry(chosen, by);
    const { renewed, fetched, left, matched, later } = retried;
    if (matched === 0) return nothingChosen(changed);
    const words = [Phrase.of('done.due', { due: retriedOf(retried), matched }), ...which];
    if (renewed > 0) {
      const attempts = this.service.settings.RETRY_MAX_ATTEMPTS;
      words.push(Phrase.of('done.renewed', { renewed, attempts }));
    }
    if (fetched > 0) words.push(Phrase.of('done.fetched', { fetched }));
    return [...words, ...laterWords(later), ...leftWords(left), ...changedWords(changed)];
  }

  /** Gives deliveries up. Returns the notice for the user. */
  async discard(choice: Choice, by: Actor): Promise<readonly Phrase[]> {
    const { chosen, changed } = await this.chosen(choice);
    if (chosen === null) return nothingChosen(changed);
    const which = await this.which(chosen);
    const { discarded, left, matched, later } = await this.service.desk.discard(chosen, by);
    if (matched === 0) return nothingChosen(changed);
    return [
      Phrase.of('done.discarded', { discarded, matched }),
      ...which,
      ...laterWords(later),
      ...leftWords(left),
      ...changedWords(changed),
    ];
  }

  /**
   * What is meant: of deliveries that were seen, those that are still as they were seen. Null where nothing is, and
   * where the query names an unknown portal.
   */
  private async chosen(choice: Choice): Promise<{ chosen: Chosen | null; changed: number }> {
    if ('seen' in choice) {
      const records = await this.service.admin.records(choice.seen.map(({ seq }) => seq));
      const now = new Map(records.map((record) => [record.seq, record]));
      const same = choice.seen.filter(({ seq, state, attempt }) => {
        const record = now.get(seq);
        if (state === null) return record !== undefined;
        return record?.state === state && record.attempt === attempt;
      });
      const chosen = same.length === 0 ? null : { seqs: same.map(({ seq }) => seq) };
      return { chosen, changed: choice.seen.length - same.length };
    }
    const filter = filterOf(choice.query, this.service.registry);
    if (filter === null) return { chosen: null, changed: 0 };
    const { upToSeq } = choice;
    return { chosen: { filter: upToSeq === null ? filter : { ...filter, upToSeq } }, changed: 0 };
  }

  /** Names what was chosen one by one, where there is room. */
  private async which(chosen: Chosen): Promise<Phrase[]> {
    if (!('seqs' in chosen) || chosen.seqs.length > NAMED) return [];
    const records = await this.service.admin.records(chosen.seqs);
    const events = records.map(({ event, payload, row_id: row, member_id: memberId }) =>
      Phrase.of('confirm.one', {
        event,
        object: subjectOf(event, parseJson(payload)) ?? Phrase.of('events.row', { row }),
        portal: this.service.registry.get(memberId)?.name ?? memberId,
      }),
    );
    return events.length === 0 ? [] : [Phrase.of('done.which', { events })];
  }
}

function nothingChosen(changed: number): readonly Phrase[] {
  return [Phrase.of('done.nothing'), ...changedWords(changed)];
}

function changedWords(count: number): Phrase[] {
  return count === 0 ? [] : [Phrase.of('done.changed', { count })];
}

function laterWords(count: number): Phrase[] {
  return count === 0 ? [] : [Phrase.of('done.later', { count })];
}

function leftWords(left: Partial<Record<DeliveryState, number>>): Phrase[] {
  const states = countedStates(left);
  if (states.length === 0) return [];
  const words = [Phrase.of('done.left', { states })];
  return left.failed === undefined ? words : [...words, Phrase.of('done.justFailed')];
}
