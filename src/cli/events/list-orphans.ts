import { setTimeout as pause } from 'node:timers/promises';
import { type BatchCommand, isFailed } from '../../bitrix24/batch.js';
import { PortalError } from '../../bitrix24/errors.js';
import { listCommand, type ListedEvent, parseListResult } from '../../bitrix24/offline-events.js';
import { type Portal } from '../../portals/portal-record.js';
import { type CommandResult } from '../command/command-result.js';
import { isoTime, shortTime, table } from '../command/table.js';
import { type CommandContext } from '../command/command-context.js';

/** Commands of one request; a batch request carries 50. */
const QUESTIONS = 40;
/** By then the service has recorded what it was reserving just now. */
const WRITING_MS = 2000;

/** Rows that a portal holds reserved under process ids that the ledger does not know. Reserves and changes nothing. */
export async function listOrphans(
  context: CommandContext,
  word: string | undefined,
  limit: number,
): Promise<CommandResult> {
  const portals =
    word === undefined
      ? context.registry.list().filter(({ state }) => state !== 'uninstalled')
      : [context.portal(word)];
  const found: { portal: Portal; row: ListedEvent }[] = [];
  const failures: { portal: string; reason: string }[] = [];
  for (const portal of portals) {
    try {
      for (const row of await orphansOf(context, portal)) found.push({ portal, row });
    } catch (error) {
      if (!(error instanceof PortalError)) throw error;
      failures.push({ portal: portal.name, reason: error.message });
    }
  }
  const orphans = found.slice(0, limit).map(({ portal, row }) => ({
    portal: portal.name,
    processId: row.processId,
    rowId: row.rowId,
    event: row.event,
    messageId: row.messageId,
    marked: row.errored,
    changedAt: isoTime(row.changedAt * 1000),
  }));
  const lines = failures.map(({ portal, reason }) => `${portal} could not be asked: ${reason}`);
  if (found.length > 0) {
    lines.push(
      table(
        ['PORTAL', 'PROCESS ID', 'ROW', 'CODE', 'CHANGED'],
        found
          .slice(0, limit)
          .map(({ portal, row }) => [
            portal.name,
            row.processId,
            row.rowId,
            row.event,
            shortTime(row.changedAt * 1000),
          ]),
      ),
      `${found.length} seen (of each unknown batch at most 50); a running service adopts them within 5 minutes`,
    );
  } else if (failures.length < portals.length) lines.push('no orphans');
  return {
    exitCode: failures.length > 0 ? 1 : 0,
    text: lines.join('\n'),
    json: { seen: found.length, orphans, failures },
  };
}

async function orphansOf(context: CommandContext, portal: Portal): Promise<ListedEvent[]> {
  const { admin } = context;
  const client = await context.clientFor(portal);
  const known = await admin.heldProcessIds(portal.memberId);
  // Asks for what lies between the known process ids: as a rule nothing, however much is reserved under them.
  const bounds: (string | null)[] = ['', ...known, null];
  const questions = bounds.slice(1).map((before, index) => gap(`g${index}`, bounds[index] ?? '', before));
  const rows: ListedEvent[] = [];
  for (let start = 0; start < questions.length; start += QUESTIONS) {
    const part = questions.slice(start, start + QUESTIONS);
    const { results, time } = await client.batch(part);
    for (const { name } of part) {
      const outcome = results.get(name);
      if (outcome === undefined) continue;
      if (isFailed(outcome)) throw outcome.error;
      rows.push(...parseListResult(outcome.result, time.start));
    }
  }
  const strange = await unknown(admin, portal, rows);
  if (strange.length === 0) return [];
  await pause(WRITING_MS);
  return unknown(admin, portal, strange);
}

function gap(name: string, after: string, before: string | null): BatchCommand {
  const filter = { '>PROCESS_ID': after, ...(before === null ? {} : { '<PROCESS_ID': before }) };
  return { name, ...listCommand({ filter, order: { ID: 'ASC' } }) };
}

async function unknown(
  admin: CommandContext['admin'],
  { memberId }: Portal,
  rows: readonly ListedEvent[],
): Promise<ListedEvent[]> {
  const known = new Set(await admin.heldProcessIds(memberId));
  return rows.filter(({ processId }) => processId !== '' && !known.has(processId));
}
