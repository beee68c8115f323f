import { Inject, Injectable } from '@nestjs/common';
import { type DeliveryState } from '../database/schema.js';
import { DISCARDABLE } from '../ledger/discard.js';
import { type DeliveryRecord } from '../ledger/find-deliveries.js';
import { RETRYABLE } from '../ledger/retry-now.js';
import { type Choice, filterOf } from './event-query.js';
import { ObservedService } from './observed-service.js';
import { Pulse } from './pulse.js';
import { type Session } from './sessions.js';
import { counted } from './views/format.js';

export type ActionName = 'retry' | 'discard';

/** Chosen deliveries before anything is done to them. */
export interface Preview {
  /** By state; a state with none is missing. */
  readonly counts: Readonly<Partial<Record<DeliveryState, number>>>;
  /** Of them, those that the action can do something for. */
  readonly possible: number;
  readonly total: number;
  /** The last of them. */
  readonly upToSeq: number;
  /** Some of them, for whoever wants to be sure. */
  readonly some: readonly DeliveryRecord[];
}

/** Named in the question; more of them nobody reads. */
const NAMED = 5;

const STATES_OF: Readonly<Record<ActionName, readonly DeliveryState[]>> = {
  retry: RETRYABLE,
  discard: DISCARDABLE,
};

/** Retries and discards for people, who are told what was done. */
@Injectable()
export class EventActions {
  constructor(
    @Inject(ObservedService) private readonly service: ObservedService,
    @Inject(Pulse) private readonly pulse: Pulse,
  ) {}

  async preview(action: ActionName, choice: Choice): Promise<Preview> {
    const counts = await this.countsOf(choice);
    const sum = (states: readonly string[]) =>
      Object.entries(counts).reduce(
        (total, [state, count]) => total + (states.includes(state) ? count : 0),
        0,
      );
    return {
      counts,
      possible: sum(STATES_OF[action]),
      total: sum(Object.keys(counts)),
      upToSeq: (await this.seqsOf(choice)).at(-1) ?? 0,
      some: await this.someOf(choice),
    };
  }

  /** Makes deliveries due, and has that noticed at once. Returns what to tell whoever asked. */
  async retry(choice: Choice): Promise<string> {
    const seqs = await this.seqsOf(choice);
    if (seqs.length === 0) return 'Nothing was chosen, or it has gone on meanwhile: nothing was done.';
    const { renewed, due, fetched, left } = await this.service.admin.retryNow(seqs);
    this.service.hasten(await this.portalsOf(seqs));
    this.pulse.refresh();
    const words = [`${renewed + due + fetched} of ${counted(seqs.length, 'event')} due now.`];
    if (renewed > 0) {
      const attempts = counted(this.service.settings.RETRY_MAX_ATTEMPTS, 'attempt');
      words.push(`${renewed} of them with a new series of ${attempts}.`);
    }
    if (fetched === 1) words.push('1 waits on the portal: its next round fetches it.');
    if (fetched > 1) words.push(`${fetched} wait on the portal: its next round fetches them.`);
    return [...words, leftWords(left)].join(' ').trim();
  }

  /** Gives deliveries up. Returns what to tell whoever asked. */
  async discard(choice: Choice, session: Session): Promise<string> {
    const seqs = await this.seqsOf(choice);
    if (seqs.length === 0) return 'Nothing was chosen, or it has gone on meanwhile: nothing was done.';
    const by = session.user ?? 'dashboard';
    const { discarded, left } = await this.service.admin.discard(seqs, by);
    this.service.hasten(await this.portalsOf(seqs));
    this.pulse.refresh();
    return `${discarded} of ${counted(seqs.length, 'event')} discarded. ${leftWords(left)}`.trim();
  }

  private async countsOf(choice: Choice): Promise<Partial<Record<DeliveryState, number>>> {
    if ('query' in choice) {
      const filter = this.filterOf(choice);
      return filter === null ? {} : this.service.admin.count(filter);
    }
    const counts: Partial<Record<DeliveryState, number>> = {};
    for (const { state } of await this.service.admin.some(choice.seqs))
      counts[state] = (counts[state] ?? 0) + 1;
    return counts;
  }

  /** Ascending. */
  private async seqsOf(choice: Choice): Promise<readonly number[]> {
    if ('seqs' in choice) return [...choice.seqs].sort((left, right) => left - right);
    const filter = this.filterOf(choice);
    return filter === null ? [] : this.service.admin.seqs(filter);
  }

  private async someOf(choice: Choice): Promise<DeliveryRecord[]> {
    const { admin } = this.service;
    if ('seqs' in choice) {
      return (await Promise.all(choice.seqs.slice(0, NAMED).map((seq) => admin.find({ seq })))).flat();
    }
    const filter = this.filterOf(choice);
    return filter === null ? [] : admin.latest(filter, NAMED);
  }

  private filterOf({ query, upToSeq }: Extract<Choice, { query: unknown }>) {
    const filter = filterOf(query, this.service.registry);
    return filter === null || upToSeq === null ? filter : { ...filter, upToSeq };
  }

  private async portalsOf(seqs: readonly number[]): Promise<Set<string>> {
    return new Set((await this.service.admin.some(seqs)).map(({ memberId }) => memberId));
  }
}

function leftWords(left: Partial<Record<DeliveryState, number>>): string {
  const words = Object.entries(left).map(([state, count]) => `${count} ${state}`);
  if (words.length === 0) return '';
  const failed = left.failed === undefined ? '' : ' What has just failed is retried by itself.';
  return `Left alone: ${words.join(', ')}.${failed}`;
}
