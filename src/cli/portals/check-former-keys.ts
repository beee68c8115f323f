import { isFailed } from '../../bitrix24/batch.js';
import { PortalError } from '../../bitrix24/errors.js';
import { listCommand } from '../../bitrix24/offline-events.js';
import { type PortalClient } from '../../bitrix24/portal-client.js';
import { Phrase } from '../../i18n/translate.js';
import { nameOfKey } from '../../portals/source-keys.js';
import { type Finding, note, wrong } from '../command/findings.js';

const QUESTIONS = [
  { name: 'pending', ...listCommand({ filter: { '=PROCESS_ID': '' } }) },
  { name: 'reserved', ...listCommand({ filter: { '>PROCESS_ID': '' } }) },
] as const;

/** How much is left under source keys that the portal had before, and whether it can be finished: a request for each. */
export async function formerKeyFindings(
  client: Pick<PortalClient, 'under'>,
  keys: readonly string[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const key of keys) findings.push(await findingOf(client.under(key), nameOfKey(key)));
  return findings;
}

async function findingOf(client: Pick<PortalClient, 'batch'>, key: Phrase): Promise<Finding> {
  try {
    const { results } = await client.batch(QUESTIONS);
    let left = 0;
    for (const outcome of results.values()) {
      if (isFailed(outcome)) throw outcome.error;
      left += outcome.total ?? 0;
    }
    return note('former key', Phrase.of('check.formerKey', { key, count: left }));
  } catch (error) {
    if (!(error instanceof PortalError)) throw error;
    return wrong('former key', Phrase.of('check.formerKeyRefused', { key, reason: error.message }));
  }
}
