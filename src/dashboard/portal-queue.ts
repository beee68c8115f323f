import { type BatchCommand, isFailed } from '../bitrix24/batch.js';
import { PortalError } from '../bitrix24/errors.js';
import { listCommand } from '../bitrix24/offline-events.js';
import { type Portal } from '../portals/registry.js';
import { type ObservedService } from './observed-service.js';

/** Whoever pressed the button waits no longer. */
const PATIENCE_MS = 15_000;

const COUNTS: readonly BatchCommand[] = [
  { name: 'pending', ...listCommand({ filter: { '=PROCESS_ID': '', '=ERROR': 0 } }) },
  { name: 'marked', ...listCommand({ filter: { '=PROCESS_ID': '', '=ERROR': 1 } }) },
  { name: 'held', ...listCommand({ filter: { '>PROCESS_ID': '' } }) },
];

/**
 * Counts the rows of a portal's queue, which costs one request of its budget, and notes them. Returns what to tell
 * whoever asked.
 */
export async function countQueue(
  { clientOf, activity }: Pick<ObservedService, 'clientOf' | 'activity'>,
  { memberId, name }: Portal,
): Promise<string> {
  const client = clientOf(memberId);
  if (client === undefined) return `Another process runs the rounds of ${name}: ask there.`;
  try {
    const { results } = await client.batch(COUNTS, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const rows: Record<string, number> = {};
    for (const [command, outcome] of results) {
      if (isFailed(outcome)) throw outcome.error;
      rows[command] = outcome.total ?? (Array.isArray(outcome.result) ? outcome.result.length : 0);
    }
    const { pending = 0, marked = 0, held = 0 } = rows;
    activity.sighted(name, { pending, marked, held });
    return `Counted on ${name}: ${pending} not yet fetched, ${marked} marked, ${held} held for us.`;
  } catch (error) {
    if (!(error instanceof PortalError)) throw error;
    return `${name} could not be asked: ${error.message}`;
  }
}
