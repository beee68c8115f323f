import { type Kysely, sql } from 'kysely';
import { type Database } from '../database/database.js';
import { type Schema } from '../database/schema.js';
import { type Log } from '../logging/log.js';
import { printable } from '../logging/printable.js';
import { reasonOf } from '../logging/reason.js';
import { redact, type SecretsIn } from '../logging/redact.js';
import { type AuditEntry, AuditLog, type AuditTrail } from './audit-log.js';
import { insertEntry, type NewEntry, raiseCount } from './entries.js';
import { Repeats } from './repeats.js';

const MAX_TARGET = 500;
const MAX_DETAIL = 2000;
/** Of names and addresses. */
const MAX_NAME = 200;

export interface AuditDependencies {
  readonly database: Pick<Database, 'transact'>;
  /** Where lines go at once; null for a process without a log: a running service writes them then. */
  readonly log: Log | null;
  /** Name of a portal by its member id. */
  readonly nameOf: (memberId: string) => string;
  /** What must be in no entry. */
  readonly secrets: SecretsIn;
  /** Told where an entry could not be written; beside the log, where there is one. */
  readonly lost?: (reason: string, entry: NewEntry) => void;
  readonly now?: () => number;
}

/** The audit log in the database. */
export class StoredAuditLog extends AuditLog {
  private readonly repeats = new Repeats();
  private readonly now: () => number;

  constructor(private readonly deps: AuditDependencies) {
    super();
    this.now = deps.now ?? Date.now;
  }

  async record(entry: AuditEntry): Promise<void> {
    const row = this.rowOf(entry);
    this.tell(row);
    await this.write(row);
  }

  async recordOften(entry: AuditEntry): Promise<void> {
    const row = { ...this.rowOf(entry), count: entry.count ?? 1 };
    await this.repeats.note(row, {
      first: (noted) => {
        this.tell(noted);
        return this.write(noted);
      },
      more: (id) => this.raise(id, row),
    });
  }

  trail(entry: Omit<AuditEntry, 'portal' | 'count'>): AuditTrail {
    const ids = new Map<string, number | null>();
    const done = new Map<string, number>();
    const rowFor = (memberId: string, count: number) => this.rowOf({ ...entry, portal: memberId, count });
    return {
      inside: async (tx, memberId, count) => {
        const id = ids.get(memberId);
        const row = rowFor(memberId, count);
        const written = await this.inside(tx, row, async () => {
          if (id === undefined || id === null) return insertEntry(tx, row);
          await raiseCount(tx, id, count);
          return id;
        });
        ids.set(memberId, written);
      },
      committed: (memberId, count) => void done.set(memberId, (done.get(memberId) ?? 0) + count),
      told: () => {
        for (const [memberId, count] of done) this.tell(rowFor(memberId, count));
      },
    };
  }

  /** Inside another's transaction: what fails here is taken back alone. */
  private async inside(
    tx: Kysely<Schema>,
    row: NewEntry,
    write: () => Promise<number>,
  ): Promise<number | null> {
    try {
      await sql`savepoint audit`.execute(tx);
    } catch {
      // The transaction is broken, and what it was for fails with it.
      return null;
    }
    try {
      const id = await write();
      await sql`release savepoint audit`.execute(tx);
      return id;
    } catch (error) {
      this.lost(error, row);
      await sql`rollback to savepoint audit`.execute(tx).catch(() => undefined);
      await sql`release savepoint audit`.execute(tx).catch(() => undefined);
      return null;
    }
  }

  private async write(row: NewEntry): Promise<number | null> {
    try {
      return await this.deps.database.transact((tx) => insertEntry(tx, row), 1);
    } catch (error) {
      this.lost(error, row);
      return null;
    }
  }

  private async raise(id: number, row: NewEntry): Promise<void> {
    try {
      await this.deps.database.transact((tx) => raiseCount(tx, id, row.count ?? 1), 1);
    } catch (error) {
      this.lost(error, row);
    }
  }

  private rowOf({ actor, action, portal, target, count, detail, at }: AuditEntry): NewEntry {
    return {
      at: at ?? this.now(),
      actor_kind: actor.kind,
      actor_name: this.clean(actor.name ?? undefined, MAX_NAME),
      actor_address: this.clean(actor.address, MAX_NAME),
      action,
      member_id: portal ?? null,
      portal: portal === undefined ? null : this.clean(this.deps.nameOf(portal), MAX_NAME),
      target: this.clean(target, MAX_TARGET) ?? '',
      count: count ?? null,
      detail: this.clean(detail, MAX_DETAIL),
      told: this.deps.log === null ? 0 : 1,
    };
  }

  /** Without secrets, and on one line: it may be shown in a terminal. */
  private clean(text: string | undefined, limit: number): string | null {
    if (text === undefined) return null;
    const shown = printable(redact(text, this.deps.secrets(text)), true);
    return shown.length > limit ? `${shown.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '')}…` : shown;
  }

  private tell(row: NewEntry): void {
    this.deps.log?.info({ event: 'audit.recorded', ...factsOf(row) });
  }

  private lost(error: unknown, row: NewEntry): void {
    const reason = reasonOf(error);
    this.deps.log?.error({ event: 'audit.not_written', ...factsOf(row), reason });
    this.deps.lost?.(reason, row);
  }
}

/** What the log line of an entry says. */
export function factsOf(
  row: Omit<NewEntry, 'action' | 'actor_kind'> & { action: string; actor_kind: string },
): Record<string, unknown> {
  return {
    action: row.action,
    by: row.actor_name,
    via: row.actor_kind,
    ...(row.actor_address === null ? {} : { from: row.actor_address }),
    ...(row.portal === null ? {} : { portal: row.portal }),
    target: row.target,
    ...(row.count === null ? {} : { count: row.count }),
    ...(row.detail === null ? {} : { detail: row.detail }),
  };
}
