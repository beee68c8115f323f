import { type SilentCause } from '../../../database/reconcile-schema.js';
import { type Db } from '../../../ledger/transitions.js';

/** A time for which a portal may have announced nothing; Unix milliseconds. */
export interface SilentSpell {
  readonly cause: SilentCause;
  readonly since: number;
  /** Null while it lasts. */
  readonly until: number | null;
}

/** Those that were not over then, the latest last. */
export async function spellsSince(db: Db, memberId: string, since: number): Promise<SilentSpell[]> {
  return db
    .selectFrom('silent_spells')
    .select(['cause', 'since', 'until'])
    .where('member_id', '=', memberId)
    .where((eb) => eb.or([eb('until', 'is', null), eb('until', '>=', since)]))
    .orderBy('since')
    .orderBy('no')
    .execute();
}

/** Writes down what lasts now, and ends what does not last any more; called as often as one likes. */
export async function noteSpell(
  db: Db,
  memberId: string,
  lasting: Pick<SilentSpell, 'cause' | 'since'> | null,
  now: number,
): Promise<void> {
  const open = await db
    .selectFrom('silent_spells')
    .select(['no', 'cause', 'since'])
    .where('member_id', '=', memberId)
    .where('until', 'is', null)
    .execute();
  const ended = open.filter(({ cause, since }) => cause !== lasting?.cause || since !== lasting.since);
  if (ended.length > 0) {
    await db
      .updateTable('silent_spells')
      .set({ until: now })
      .where(
        'no',
        'in',
        ended.map(({ no }) => no),
      )
      .execute();
  }
  if (lasting === null || ended.length < open.length) return;
  await db
    .insertInto('silent_spells')
    .values({ member_id: memberId, ...lasting, until: null })
    .execute();
}

/** Writes down what was over before anybody knew of it; what goes on where another one ended is the same one. */
export async function addSpell(
  db: Db,
  memberId: string,
  spell: SilentSpell & { readonly until: number },
): Promise<void> {
  const last = await db
    .selectFrom('silent_spells')
    .select(['no', 'until'])
    .where('member_id', '=', memberId)
    .where('cause', '=', spell.cause)
    .where('until', 'is not', null)
    .orderBy('since', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (last?.until != null && last.until >= spell.since) {
    await db.updateTable('silent_spells').set({ until: spell.until }).where('no', '=', last.no).execute();
    return;
  }
  await db
    .insertInto('silent_spells')
    .values({ member_id: memberId, ...spell })
    .execute();
}

/** When all bindings were last seen to be there, Unix ms; null where they never were. */
export async function bindingsSeenAt(db: Db, memberId: string): Promise<number | null> {
  const row = await db
    .selectFrom('reconciled_portals')
    .select('bindings_seen_at')
    .where('member_id', '=', memberId)
    .executeTakeFirst();
  return row?.bindings_seen_at ?? null;
}

export async function setBindingsSeen(db: Db, memberId: string, at: number): Promise<void> {
  await db
    .insertInto('reconciled_portals')
    .values({ member_id: memberId, bindings_seen_at: at })
    .onConflict((conflict) => conflict.column('member_id').doUpdateSet({ bindings_seen_at: at }))
    .execute();
}

/** When the application was installed, Unix ms. */
export async function installedAt(db: Db, memberId: string): Promise<number> {
  const row = await db
    .selectFrom('portals')
    .select('installed_at')
    .where('member_id', '=', memberId)
    .executeTakeFirst();
  return row?.installed_at ?? 0;
}
