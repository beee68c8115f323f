import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { type Database } from '../database/database.js';
import { type BulkAction, type BulkTask, bulkTaskOf } from './bulk-task.js';
import { claimPortalsOf } from './claim.js';
import { discard } from './discard.js';
import { type LedgerPolicy } from './history/history-settings.js';
import { among, asJson } from './lists.js';
import { retriedOf, retryNow } from './retry-now.js';
import { addUp, type StateCounts } from './state-counts.js';
import { chunks, type Db } from './transitions.js';

/** The settings that pace what is retried by hand. */
export interface BulkPolicy extends LedgerPolicy {
  readonly RETRY_BY_HAND_PER_SECOND: number;
}

/** Deliveries that had their turn. */
type Slice = readonly number[];

/** Deliveries changed in one transaction: other writers wait for milliseconds. */
const SLICE = 500;
/** A runner that comes late makes up for so much of its lateness. */
const LATEST_MS = 2000;
/** Finished tasks are shown for so long. */
const KEPT_MS = 7 * 86_400_000;
/** The process that listed its deliveries was killed meanwhile: it never became a task, and nothing of it was done. */
const ABANDONED_MS = 3_600_000;

/**
 * What people have asked to be done to many deliveries, a slice at a time: durable, so that neither a page that is left
 * nor a process that is killed ends it, and paced, so that thousands of retries do not come to consumers at once. Any
 * replica may do the next slice. Methods reject with the driver's error, and then have changed nothing.
 */
export class BulkTasks {
  constructor(
    private readonly database: Database,
    private readonly policy: BulkPolicy,
    private readonly now: () => number = Date.now,
  ) {}

  /** So many are retried at once; more than that are spread. */
  get atOnce(): number {
    return this.policy.RETRY_BY_HAND_PER_SECOND;
  }

  /** Resolves with its id when everything of it is stored. */
  async create(action: BulkAction, seqs: readonly number[], by: string, label: string): Promise<string> {
    const id = randomUUID();
    const now = this.now();
    const { transact } = this.database;
    await transact((tx) =>
      tx
        .insertInto('bulk_tasks')
        .values({
          id,
          action,
          asked_by: by,
          label,
          created_at: now,
          ready: 0,
          total: seqs.length,
          done: 0,
          gone: 0,
          left_alone: '{}',
          // The first slice is due at once.
          paced_at: now - 1000,
          finished_at: null,
          stopped_by: null,
        })
        .execute(),
    );
    for (const part of chunks(seqs, SLICE)) {
      const list = asJson(part);
      const rows =
        this.database.dialect === 'sqlite'
          ? sql`json_each(${list})`
          : sql`json_array_elements_text(cast(${list} as json)) as rows (value)`;
      await transact((tx) =>
        sql`insert into bulk_task_deliveries (task_id, seq, spaced)
          select cast(${id} as text), cast(value as bigint), 0 from ${rows}`.execute(tx),
      );
    }
    await transact(async (tx) => {
      if (action === 'retry') await this.spaceMarked(tx, id, seqs, now);
      await tx.updateTable('bulk_tasks').set({ ready: 1 }).where('id', '=', id).execute();
    });
    return id;
  }

  /** The next slice of the oldest task of its kind, as large as its pace allows at present; null where there is no task. */
  async runSlice(action: BulkAction): Promise<Slice | null> {
    const waiting = await this.unfinished(this.database.db, action);
    if (waiting === undefined) return null;
    return this.database.transact(async (tx) => {
      const task = await this.unfinished(tx, action, true);
      if (task === undefined) return null;
      const now = this.now();
      const { allowed, from } = this.allowance(action, task.paced_at, now);
      if (allowed === 0) return [];
      const rows = await tx
        .selectFrom('bulk_task_deliveries')
        .select(['seq', 'spaced'])
        .where('task_id', '=', task.id)
        .orderBy('seq')
        .limit(allowed)
        .execute();
      const seqs = rows.map(({ seq }) => seq);
      const own = rows.filter(({ spaced }) => spaced === 0).map(({ seq }) => seq);
      const acted = await this.act(tx, action, own, task.asked_by, now);
      const { left } = acted;
      const done = acted.done + seqs.length - own.length;
      const known = bulkTaskOf(task);
      const alone = addUp(known.left, left);
      const leftNow = Object.values(left).reduce((sum, count) => sum + count, 0);
      const over = seqs.length < allowed;
      const pacedAt = from + Math.ceil((seqs.length * 1000) / this.policy.RETRY_BY_HAND_PER_SECOND);
      await tx
        .deleteFrom('bulk_task_deliveries')
        .where('task_id', '=', task.id)
        .where(among(tx, 'seq', seqs))
        .execute();
      await tx
        .updateTable('bulk_tasks')
        .set({
          done: task.done + done,
          gone: task.gone + seqs.length - done - leftNow,
          left_alone: JSON.stringify(alone),
          paced_at: pacedAt,
          finished_at: over ? now : null,
        })
        .where('id', '=', task.id)
        .execute();
      if (over) {
        // The next one begins where this one ends, and not with the time for which it has waited.
        await tx
          .updateTable('bulk_tasks')
          .set({ paced_at: pacedAt })
          .where('action', '=', action)
          .where('finished_at', 'is', null)
          .where('paced_at', '<', pacedAt)
          .execute();
      }
      return seqs;
    });
  }

  /** Ends a task before its time; what had its turn stays done. Returns whether it was under way. */
  stop(id: string, by: string): Promise<boolean> {
    return this.database.transact(async (tx) => {
      const stopped = await tx
        .updateTable('bulk_tasks')
        .set({ finished_at: this.now(), stopped_by: by })
        .where('id', '=', id)
        .where('finished_at', 'is', null)
        .executeTakeFirst();
      await tx.deleteFrom('bulk_task_deliveries').where('task_id', '=', id).execute();
      return Number(stopped.numUpdatedRows) > 0;
    });
  }

  /** Under way and lately finished, the latest first. */
  async list(limit: number): Promise<BulkTask[]> {
    const rows = await this.database.db
      .selectFrom('bulk_tasks')
      .selectAll()
      .where('ready', '=', 1)
      .orderBy('created_at', 'desc')
      .limit(limit)
      .execute();
    return rows.map(bulkTaskOf);
  }

  async find(id: string): Promise<BulkTask | null> {
    const row = await this.database.db
      .selectFrom('bulk_tasks')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row === undefined ? null : bulkTaskOf(row);
  }

  /** Forgets what was finished long ago, and what never became a task. */
  async purge(): Promise<void> {
    const now = this.now();
    const old = await this.database.db
      .selectFrom('bulk_tasks')
      .select('id')
      .where((eb) =>
        eb.or([
          eb('finished_at', '<', now - KEPT_MS),
          eb.and([eb('ready', '=', 0), eb('created_at', '<', now - ABANDONED_MS)]),
        ]),
      )
      .execute();
    for (const { id } of old) {
      await this.database.transact(async (tx) => {
        await tx.deleteFrom('bulk_task_deliveries').where('task_id', '=', id).execute();
        await tx.deleteFrom('bulk_tasks').where('id', '=', id).execute();
      });
    }
  }

  /**
   * What is marked on its portal gets its time at once: a round fetches all of them together, as new deliveries that
   * keep it. The pace of the task is the same for them.
   */
  private async spaceMarked(tx: Db, id: string, seqs: readonly number[], now: number): Promise<void> {
    const stepMs = Math.min(
      1000 / this.policy.RETRY_BY_HAND_PER_SECOND,
      this.policy.RETRY_MAX_DELAY_MS / seqs.length,
    );
    const rankOf = new Map(seqs.map((seq, rank) => [seq, rank]));
    for (const part of chunks(seqs)) {
      await claimPortalsOf(tx, this.database.dialect, part);
      const marked = await tx
        .selectFrom('deliveries')
        .select('seq')
        .where(among(tx, 'seq', part))
        .where('state', '=', sql.lit('marked'))
        .execute();
      const bySecond = new Map<number, number[]>();
      for (const { seq } of marked) {
        const second = Math.floor(((rankOf.get(seq) ?? 0) * stepMs) / 1000);
        bySecond.set(second, [...(bySecond.get(second) ?? []), seq]);
      }
      for (const [second, own] of bySecond) {
        await tx
          .updateTable('deliveries')
          .set({ due_at: now + second * 1000 })
          .where(among(tx, 'seq', own))
          .where('state', '=', sql.lit('marked'))
          .execute();
      }
      await tx
        .updateTable('bulk_task_deliveries')
        .set({ spaced: 1 })
        .where('task_id', '=', id)
        .where(
          among(
            tx,
            'seq',
            marked.map(({ seq }) => seq),
          ),
        )
        .execute();
    }
  }

  private unfinished(db: Db, action: BulkAction, claimed = false) {
    return (
      db
        .selectFrom('bulk_tasks')
        .selectAll()
        .where('finished_at', 'is', null)
        .where('ready', '=', 1)
        .where('action', '=', action)
        .orderBy('created_at')
        .limit(1)
        // Another replica may be at its next slice: its figures are the ones to go on from.
        .$if(claimed && this.database.dialect === 'postgres', (query) => query.forUpdate())
        .executeTakeFirst()
    );
  }

  /** How many may be done now, and from when on their time counts. */
  private allowance(action: BulkAction, pacedAt: number, now: number): { allowed: number; from: number } {
    if (action === 'discard') return { allowed: SLICE, from: now };
    // A time in the future was written before a clock was set back.
    const from = pacedAt > now ? now : Math.max(pacedAt, now - LATEST_MS);
    const perSecond = this.policy.RETRY_BY_HAND_PER_SECOND;
    return { allowed: Math.min(SLICE, Math.floor(((now - from) * perSecond) / 1000)), from };
  }

  private async act(
    tx: Db,
    action: BulkAction,
    seqs: readonly number[],
    by: string,
    now: number,
  ): Promise<{ done: number; left: StateCounts }> {
    if (seqs.length === 0) return { done: 0, left: {} };
    await claimPortalsOf(tx, this.database.dialect, seqs);
    if (action === 'discard') {
      const { discarded, left } = await discard(tx, seqs, by, this.policy, now);
      return { done: discarded, left };
    }
    const retried = await retryNow(tx, seqs, this.policy, now, by);
    return { done: retriedOf(retried), left: retried.left };
  }
}
