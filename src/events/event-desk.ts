import { type Actor, actorWords } from '../audit/actor.js';
import { type AuditAction, type AuditLog, type AuditTrail } from '../audit/audit-log.js';
import { type DeliveryState } from '../database/schema.js';
import { type LedgerAdmin } from '../ledger/admin.js';
import { type BulkAction, remainingOf } from '../ledger/bulk-task.js';
import { type BulkTasks } from '../ledger/bulk-tasks.js';
import { type Discarded } from '../ledger/discard.js';
import {
  type DeliveryFilter,
  type DeliveryRecord,
  type DeliveryReference,
} from '../ledger/find-deliveries.js';
import { type RetriedNow } from '../ledger/retry-now.js';
import { eventWords, filterWords, NAMED } from './choice-words.js';
import { PartlyDone } from './partly-done.js';

/** By what deliveries were found, for the record. */
interface Found {
  /** What they have in common, but for the portal. */
  readonly words: string;
  /** The portal that they are all of, where one was named. */
  readonly memberId: string | undefined;
}

/** Which deliveries: by their numbers, by name, or by what they have in common. */
export type Choice =
  | { readonly seqs: readonly number[]; readonly found?: Found }
  | { readonly references: readonly DeliveryReference[] }
  | { readonly filter: DeliveryFilter };

/** What was done to the deliveries of a choice, beside how many it had. */
type Done<T> = T & {
  readonly matched: number;
  /** How many of them have their turn later, a few at a time; 0 where all had it. */
  readonly later: number;
  /** The task that does the rest; null where there is no rest. */
  readonly task: string | null;
};

/** Where what is to be done to many is kept, and done slice by slice. */
type Tasks = Pick<BulkTasks, 'atOnce' | 'create' | 'find' | 'runSlice'>;

/** More are given up slice by slice, so that the caller does not wait. */
const DISCARDED_AT_ONCE = 1000;

type Books = Pick<
  LedgerAdmin,
  'count' | 'discard' | 'find' | 'latest' | 'list' | 'retryNow' | 'seqs' | 'some'
>;

/**
 * Finds events, retries them and discards them: the one way for the dashboard, the command line and the module's own
 * service. Methods reject with the database driver's error, and where a part of a change was done before, with a
 * {@link PartlyDone}.
 */
export class EventDesk {
  /** @param due tells the loops of these portals, wherever they run, that something is due */
  constructor(
    private readonly books: Books,
    private readonly due: (memberIds: Iterable<string>) => void,
    private readonly audit: Pick<AuditLog, 'record' | 'trail'>,
    private readonly tasks: Tasks,
  ) {}

  /** In the order of their reservation, at most `limit`. */
  async list(choice: Choice, limit: number): Promise<DeliveryRecord[]> {
    if ('filter' in choice) return this.books.list(choice.filter, limit);
    return (await this.named(choice, limit)).slice(0, limit);
  }

  /** The latest changed first, where they are chosen by what they have in common. */
  async some(choice: Choice, limit: number): Promise<DeliveryRecord[]> {
    return 'filter' in choice ? this.books.latest(choice.filter, limit) : this.list(choice, limit);
  }

  /** How many of the choice are in which state; a state with none is missing. */
  async count(choice: Choice): Promise<Partial<Record<DeliveryState, number>>> {
    if ('filter' in choice) return this.books.count(choice.filter);
    const counts: Partial<Record<DeliveryState, number>> = {};
    for (const { state } of await this.books.some(await this.seqs(choice)))
      counts[state] = (counts[state] ?? 0) + 1;
    return counts;
  }

  /** Their numbers, ascending, none twice. */
  async seqs(choice: Choice): Promise<number[]> {
    if ('filter' in choice) return this.books.seqs(choice.filter);
    const seqs = 'seqs' in choice ? choice.seqs : (await this.named(choice, Infinity)).map(({ seq }) => seq);
    return [...new Set(seqs)].sort((left, right) => left - right);
  }

  /**
   * Makes deliveries due now, and has that noticed at once. Of more than `RETRY_BY_HAND_PER_SECOND` the rest follows at
   * that pace, also where this process ends: consumers that have just recovered are not flooded.
   * @param by who decided that; kept in the audit log
   */
  async retry(choice: Choice, by: Actor): Promise<Done<RetriedNow>> {
    const seqs = await this.seqs(choice);
    if (seqs.length > this.tasks.atOnce) {
      const { done, left, ...rest } = await this.begin('retry', choice, seqs, by);
      return { renewed: 0, due: done, fetched: 0, left, ...rest };
    }
    return this.change('retried', choice, seqs, by, (hand) => this.books.retryNow(seqs, hand));
  }

  /**
   * Gives deliveries up for good, and has their rows cleared; of thousands, a part at a time.
   * @param by who decided that; kept in the ledger and in the audit log
   */
  async discard(choice: Choice, by: Actor): Promise<Done<Discarded>> {
    const seqs = await this.seqs(choice);
    if (seqs.length > DISCARDED_AT_ONCE) {
      const { done, left, ...rest } = await this.begin('discard', choice, seqs, by);
      return { discarded: done, left, ...rest };
    }
    return this.change('discarded', choice, seqs, by, (hand) => this.books.discard(seqs, hand));
  }

  private async change<T>(
    action: AuditAction,
    choice: Choice,
    seqs: readonly number[],
    actor: Actor,
    verb: (hand: { by: string; trail: AuditTrail }) => Promise<T>,
  ): Promise<Done<T>> {
    const written = this.audit.trail({ actor, action, target: await this.words(choice, seqs) });
    let committed = 0;
    const trail: AuditTrail = {
      inside: (tx, memberId, count) => written.inside(tx, memberId, count),
      committed: (memberId, count) => {
        committed += count;
        written.committed(memberId, count);
      },
      told: () => written.told(),
    };
    try {
      const done = await verb({ by: actorWords(actor), trail });
      return { ...done, matched: seqs.length, later: 0, task: null };
    } catch (error) {
      // Of a change that fails half-way, what is done is done.
      throw committed > 0 ? new PartlyDone(committed, error) : error;
    } finally {
      trail.told();
      // Without it, loops find by themselves within seconds what is due; what was done is not to be taken for failed.
      await this.notice(seqs).catch(() => undefined);
    }
  }

  private async words(choice: Choice, seqs: readonly number[]): Promise<string> {
    if ('filter' in choice) return filterWords(choice.filter);
    if ('seqs' in choice && choice.found !== undefined) return choice.found.words;
    const some = await this.named({ seqs: seqs.slice(0, NAMED) }, NAMED);
    return eventWords(some, seqs.length);
  }

  /** Stores what is to be done, and does the first slice of it. */
  private async begin(action: BulkAction, choice: Choice, seqs: readonly number[], actor: Actor) {
    const target = await this.words(choice, seqs);
    const task = await this.tasks.create(action, seqs, actorWords(actor), target);
    await this.audit.record({
      actor,
      action: action === 'retry' ? 'retried' : 'discarded',
      portal: portalOf(choice),
      target,
      count: seqs.length,
      detail: 'chosen; done a part at a time',
    });
    // It is stored: whatever fails from here on, it will be done.
    const slice = await this.tasks.runSlice(action).catch(() => null);
    await this.notice(slice ?? []).catch(() => undefined);
    const begun = await this.tasks.find(task).catch(() => null);
    const { done = 0, left = {} } = begun ?? {};
    return {
      done,
      left,
      matched: seqs.length,
      later: begun === null ? seqs.length : remainingOf(begun),
      task,
    };
  }

  /** Tells the portals of these deliveries that something is due there. */
  async notice(seqs: readonly number[]): Promise<void> {
    if (seqs.length === 0) return;
    this.due(new Set((await this.books.some(seqs)).map(({ memberId }) => memberId)));
  }

  private async named(
    choice: Exclude<Choice, { readonly filter: DeliveryFilter }>,
    limit: number,
  ): Promise<DeliveryRecord[]> {
    const references = 'seqs' in choice ? choice.seqs.map((seq) => ({ seq })) : choice.references;
    const found = await Promise.all(
      references.slice(0, limit).map((reference) => this.books.find(reference)),
    );
    return found.flat();
  }
}

/** The portal that was named, where one was. */
function portalOf(choice: Choice): string | undefined {
  if ('filter' in choice) return choice.filter.memberId;
  return 'seqs' in choice ? choice.found?.memberId : undefined;
}
