import { sql } from 'kysely';
import { NO_REPLY } from './late-success.js';
import { recordOutcomes } from './record-outcomes.js';
import { type LedgerPolicy } from './history/history-settings.js';
import { type Db, move, touched } from './transitions.js';

/**
 * Takes silence for an answer: deliveries published until `publishedBy` count as processed, or, where only an
 * explicit reply settles them, as failed. Returns how many.
 */
export async function settleSilent(
  db: Db,
  memberId: string,
  publishedBy: number,
  settings: LedgerPolicy & { SETTLE_AFTER_MS: number; SETTLE_MODE: 'timeout' | 'ack' },
  now: number,
): Promise<{ processed: number; failed: number }> {
  const overdue = isSilent(publishedBy, settings, now);
  if (settings.SETTLE_MODE === 'timeout') {
    const result = await move(db, ['published'], 'processed', now)
      .set({ silent: 1 })
      .where('member_id', '=', memberId)
      .where(overdue)
      .executeTakeFirst();
    return { processed: touched(result), failed: 0 };
  }
  const silent = await db
    .selectFrom('deliveries')
    .select(['process_id', 'message_id', 'attempt'])
    .where('member_id', '=', memberId)
    .where('state', '=', sql.lit('published'))
    .where(overdue)
    .limit(5000)
    .execute();
  if (silent.length === 0) return { processed: 0, failed: 0 };
  await recordOutcomes(
    db,
    silent.map((row) => ({
      memberId,
      processId: row.process_id,
      messageIds: [row.message_id],
      attempt: row.attempt,
      outcome: 'failed' as const,
      via: 'silence' as const,
      reason: NO_REPLY,
    })),
    settings,
    now,
  );
  return { processed: 0, failed: silent.length };
}

/** Whether there is anything that {@link settleSilent} would settle. */
export async function hasSilent(
  db: Db,
  memberId: string,
  publishedBy: number,
  settings: { readonly SETTLE_AFTER_MS: number },
  now: number,
): Promise<boolean> {
  const one = await db
    .selectFrom('deliveries')
    .select('seq')
    .where('member_id', '=', memberId)
    .where('state', '=', sql.lit('published'))
    .where(isSilent(publishedBy, settings, now))
    .limit(1)
    .executeTakeFirst();
  return one !== undefined;
}

function isSilent(publishedBy: number, settings: { readonly SETTLE_AFTER_MS: number }, now: number) {
  // A time in the future was written before the clock was set back: it has waited long enough.
  return sql<boolean>`(state_at <= ${publishedBy} or state_at > ${now + settings.SETTLE_AFTER_MS})`;
}
