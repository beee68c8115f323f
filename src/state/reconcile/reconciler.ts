import { IdRanges } from '../reading/id-ranges.js';
import { look } from './look.js';
import { answered, askedAt } from './memory/asked.js';
import { forgetReports } from './memory/forget.js';
import { addSpell, bindingsSeenAt, installedAt, noteSpell, setBindingsSeen } from './memory/silent-spells.js';
import { suspectSince } from './memory/suspects.js';
import { readTypes, type ReconciledType, setProgress } from './memory/types.js';
import { typeNumbers } from '../../ledger/note-mentions.js';
import { GRACE_MS } from './missed.js';
import { QueueReads, type QueueRead } from './queue-reads.js';
import { CannotRead } from './read-pages.js';
import { type FoundChange, type ReconcileDependencies } from './reconcile-dependencies.js';
import { settleSuspects } from './settle-suspects.js';
import { isReadable, silentNow } from './silent-cause.js';
import { lastSweepTime } from './sweep-time.js';
import { beginSweep, sweepOn } from './sweep.js';

/** Looked at again this often where nothing is due: the portal may be readable again. */
const IDLE_MS = 60_000;
/** After a refusal, a type is tried again this much later. */
const TROUBLE_MS = 300_000;
/** Bindings are checked every few minutes; what was seen need not be written each time. */
const BINDINGS_NOTED_MS = 60_000;
/** Changes of a report that are logged by themselves. */
const LOGGED = 20;

/** What is due of a kind of objects; null: nothing at present. */
type Due = 'settle' | 'sweep' | 'look' | null;

/**
 * Compares a portal's objects with what its events have announced, one step at a time. All that it needs to go on is in
 * the database.
 */
export class Reconciler {
  private readonly queue: QueueReads;
  private readonly ranges = new Map<number, IdRanges>();
  /** When the oldest suspicion can be settled, Unix ms by our clock. */
  private settleAt = Number.POSITIVE_INFINITY;
  /** When something is due by our clock, Unix ms. */
  private nextAt = Number.POSITIVE_INFINITY;
  /** Kinds of objects that could not be read, and when that was. */
  private readonly troubledAt = new Map<number, number>();
  /** Kinds of objects whose last step was a look. */
  private readonly lookedLast = new Set<number>();
  private bindingsNotedAt = Number.NEGATIVE_INFINITY;
  private opened = false;
  private spellNoted: string | null = '';

  constructor(
    private readonly deps: ReconcileDependencies,
    keys: () => readonly string[],
  ) {
    this.queue = new QueueReads(keys);
  }

  /** @returns whether there may be something to do by now */
  queueRead(key: string, read: QueueRead): boolean {
    const first = this.queue.portalTime(0) === null;
    this.queue.read(key, read);
    const emptyAt = this.queue.readToItsEndAt();
    // Timers do not run while a machine is suspended; clocks do.
    return first || (emptyAt !== null && emptyAt >= this.settleAt) || this.deps.now() >= this.nextAt;
  }

  /** The portal has told what is bound; something that is wanted was not. */
  async bindingsSeen(missing: boolean): Promise<void> {
    const { db, ledger, portal, now } = this.deps;
    const at = now();
    if (!missing && at - this.bindingsNotedAt < BINDINGS_NOTED_MS) return;
    this.bindingsNotedAt = at;
    const seenAt = await bindingsSeenAt(db, portal.memberId);
    await ledger.write(portal.memberId, async (tx) => {
      const since = Math.min(Math.max(seenAt ?? 0, await installedAt(tx, portal.memberId)), at);
      if (missing) await addSpell(tx, portal.memberId, { cause: 'bindings_missing', since, until: at });
      await setBindingsSeen(tx, portal.memberId, at);
    });
  }

  /**
   * The next step, of whatever kind of objects it is due.
   * @returns in how many ms the next is, at the latest
   * @throws the database's error
   */
  async runOnce(signal: AbortSignal): Promise<number> {
    const { db, portal, settings, now } = this.deps;
    await this.noteSilence();
    const portalTime = this.queue.portalTime(now());
    if (!isReadable(portal) || portalTime === null) return IDLE_MS;
    await this.openTypes();
    const asked = await askedAt(db, portal.memberId);
    let nextAt = now() + Math.min(IDLE_MS, settings.RECONCILE_EVERY_MS);
    this.settleAt = Number.POSITIVE_INFINITY;
    let allCompared = true;
    for (const type of await readTypes(db, portal.memberId)) {
      if (!this.deps.types.includes(type.entity_type_id)) continue;
      if (this.rests(type, asked)) {
        allCompared = false;
        continue;
      }
      const since = await suspectSince(db, type.no);
      if (since !== null) this.settleAt = Math.min(this.settleAt, since + GRACE_MS);
      const due = this.dueOf(type, since, asked);
      if (due !== null) {
        await this.step(due, type, portalTime, signal);
        return 0;
      }
      nextAt = Math.min(nextAt, (type.looked_at ?? 0) + settings.RECONCILE_EVERY_MS);
    }
    if (asked !== null && allCompared) await this.answerAsked(asked);
    this.nextAt = nextAt;
    return Math.max(nextAt - now(), 100);
  }

  /** Whether it could not be read a short while ago; who has asked since wants to know whether it can by now. */
  private rests({ no }: ReconciledType, asked: number | null): boolean {
    const troubledAt = this.troubledAt.get(no) ?? Number.NEGATIVE_INFINITY;
    return this.deps.now() - troubledAt < TROUBLE_MS && (asked === null || asked <= troubledAt);
  }

  private dueOf(type: ReconciledType, suspectAt: number | null, asked: number | null): Due {
    const { settings, now } = this.deps;
    const emptyAt = this.queue.readToItsEndAt();
    if (suspectAt !== null && emptyAt !== null && emptyAt >= suspectAt + GRACE_MS) return 'settle';
    if (type.learned_at === null) return 'sweep';
    const lookedAt = type.looked_at ?? 0;
    const sweptAt = type.swept_at === null || type.swept_at > now() ? 0 : type.swept_at;
    const wanted = Math.max(lastSweepTime(settings.RECONCILE_SWEEP_AT, now()), asked ?? 0);
    const sweeps = type.sweep_began_at !== null || sweptAt < wanted;
    // A look may take longer than the time between two of them: then they take turns with a sweep.
    const looks =
      now() - lookedAt >= settings.RECONCILE_EVERY_MS && !(sweeps && this.lookedLast.has(type.no));
    if (looks || (asked !== null && lookedAt < asked)) return 'look';
    if (sweeps) return 'sweep';
    // A clock that was set back must not hold them up.
    return lookedAt > now() ? 'look' : null;
  }

  private async step(
    due: Exclude<Due, null>,
    type: ReconciledType,
    portalTime: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { log, portal } = this.deps;
    try {
      if (due === 'settle') await this.settle(type, signal);
      else if (due === 'look') {
        const listed = await look(this.deps, type, portalTime, signal);
        this.lookedLast.add(type.no);
        log.debug({ event: 'reconcile.looked', portal: portal.name, type: type.type, listed });
      } else {
        this.lookedLast.delete(type.no);
        await this.sweep(type, portalTime, signal);
      }
    } catch (error) {
      if (!(error instanceof CannotRead) || signal.aborted) throw error;
      await this.troubled(type, error.message);
    }
  }

  private async settle(type: ReconciledType, signal: AbortSignal): Promise<void> {
    const { found } = await settleSuspects(this.deps, this.queue, type, signal);
    if (found.length === 0) return;
    this.deps.wakeDispatch();
    this.tell(type, found);
  }

  private tell({ type }: ReconciledType, found: readonly FoundChange[]): void {
    const { log, listener, portal } = this.deps;
    const counts = new Map<FoundChange['change'], number>();
    for (const { change } of found) counts.set(change, (counts.get(change) ?? 0) + 1);
    for (const [change, count] of counts) listener.missed(portal.memberId, type, change, count);
    for (const { objectId, change, cause } of found.slice(0, LOGGED)) {
      log.warn({
        event: 'reconcile.missed',
        portal: portal.name,
        subject: `${type}/${objectId}`,
        change,
        cause,
        ...(found.length > 1 ? { together: found.length } : {}),
      });
    }
  }

  private async sweep(type: ReconciledType, portalTime: number, signal: AbortSignal): Promise<void> {
    const { log, portal, now, ledger } = this.deps;
    let current = type;
    if (current.sweep_began_at === null) {
      this.ranges.set(type.no, new IdRanges());
      current = { ...type, ...(await beginSweep(this.deps, type, portalTime, signal)) };
    }
    let ranges = this.ranges.get(type.no);
    if (ranges === undefined) this.ranges.set(type.no, (ranges = new IdRanges()));
    const over = await sweepOn(this.deps, current, ranges, portalTime, signal);
    if (!over) return;
    this.ranges.delete(type.no);
    await ledger.write(portal.memberId, (tx) => forgetReports(tx, portal.memberId, now()));
    const ms = now() - (current.sweep_began_at ?? now());
    const facts = { portal: portal.name, type: type.type, upTo: current.sweep_max_id, ms };
    if (type.learned_at === null) log.info({ event: 'reconcile.learned', ...facts });
    else log.info({ event: 'reconcile.swept', ...facts });
  }

  private async troubled(type: ReconciledType, reason: string): Promise<void> {
    const { log, portal, ledger, now } = this.deps;
    this.troubledAt.set(type.no, now());
    if (type.trouble !== reason) {
      log.warn({ event: 'reconcile.unreadable', portal: portal.name, type: type.type, reason });
    }
    await ledger.write(portal.memberId, (tx) => setProgress(tx, type.no, { trouble: reason }));
  }

  /** Types that the settings name. */
  private async openTypes(): Promise<void> {
    if (this.opened) return;
    const { ledger, portal, types } = this.deps;
    const named = types.named().map(({ entityTypeId, name }) => ({ entityTypeId, type: name }));
    await ledger.write(portal.memberId, async (tx) => {
      await typeNumbers(tx, portal.memberId, named);
    });
    this.opened = true;
  }

  /** Writes down for how long the portal may announce nothing; only where that changes. */
  private async noteSilence(): Promise<void> {
    const { portal, ledger, now } = this.deps;
    const silent = silentNow(portal);
    const noted = silent === null ? null : `${silent.cause} ${silent.since}`;
    if (noted === this.spellNoted) return;
    await ledger.write(portal.memberId, (tx) => noteSpell(tx, portal.memberId, silent, now()));
    this.spellNoted = noted;
  }

  private async answerAsked(asked: number): Promise<void> {
    const { ledger, portal } = this.deps;
    await ledger.write(portal.memberId, (tx) => answered(tx, portal.memberId, asked));
  }
}
