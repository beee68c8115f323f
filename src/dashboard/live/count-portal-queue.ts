import { type BatchCommand, isFailed } from '../../bitrix24/batch.js';
import { PortalError } from '../../bitrix24/errors.js';
import { listCommand } from '../../bitrix24/offline-events.js';
import { Phrase } from '../../i18n/translate.js';
import { type Portal } from '../../portals/portal-record.js';
import { type ObservedService } from './observed-service.js';

/** The user waits for the count no longer than this. */
const COUNT_TIMEOUT_MS = 15_000;

const COUNTS: readonly BatchCommand[] = [
  { name: 'pending', ...listCommand({ filter: { '=PROCESS_ID': '', '=ERROR': 0 } }) },
  { name: 'marked', ...listCommand({ filter: { '=PROCESS_ID': '', '=ERROR': 1 } }) },
  { name: 'held', ...listCommand({ filter: { '>PROCESS_ID': '' } }) },
];

/**
 * Counts the rows of a portal's queue, which costs one request of its budget, and notes them. Returns the
 * notice for the user.
 */
export async function countPortalQueue(
  { clientOf, activity }: Pick<ObservedService, 'clientOf' | 'activity'>,
  { memberId, name }: Portal,
): Promise<Phrase> {
  const client = clientOf(memberId);
  if (client === undefined) return Phrase.of('counted.elsewhere', { name });
  try {
    const { results } = await client.batch(COUNTS, { signal: AbortSignal.timeout(COUNT_TIMEOUT_MS) });
    const rows: Record<string, number> = {};
    for (const [command, outcome] of results) {
      if (isFailed(outcome)) throw outcome.error;
      rows[command] = outcome.total ?? (Array.isArray(outcome.result) ? outcome.result.length : 0);
    }
    const { pending = 0, marked = 0, held = 0 } = rows;
    activity.queueCounted(name, { pending, marked, held });
    return Phrase.of('counted.done', { name, pending, marked, held });
  } catch (error) {
    if (!(error instanceof PortalError)) throw error;
    return Phrase.of('counted.failed', { name, reason: error.message });
  }
}
