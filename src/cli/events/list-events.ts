import { attemptsOf } from '../../events/attempt.js';
import { TROUBLED } from '../../ledger/trouble.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { excerpt, shortTime, table } from '../command/table.js';
import { type CommandContext } from '../command/command-context.js';
import { requireKnownCodes } from '../command/known-codes.js';
import { describeDelivery } from './describe-event.js';
import { listOrphans } from './list-orphans.js';
import { type EventOptions, filterOf, statesOf } from './select-events.js';

const LISTABLE = [...TROUBLED, 'reserved', 'published', 'processed', 'orphan'] as const;

/** Events of the ledger by state, oldest reservation first; orphans are asked of the portals. */
export async function listEvents(
  context: CommandContext,
  options: EventOptions & { readonly limit: number },
): Promise<CommandResult> {
  const states = statesOf<(typeof LISTABLE)[number]>(options.state, LISTABLE, TROUBLED);
  if (states.includes('orphan')) {
    if (states.length > 1 || options.event !== undefined) {
      throw new CommandFailed('--state orphan goes with --portal and --limit only', 2);
    }
    return listOrphans(context, options.portal, options.limit);
  }
  await requireKnownCodes(context, options.event);
  const filter = filterOf(
    context,
    options,
    states.filter((state) => state !== 'orphan'),
  );
  const counts = await context.desk.count({ filter });
  const records = await context.desk.list({ filter }, options.limit);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const listed = records.map((record) => ({
    record,
    event: describeDelivery(record, context.registry.get(record.member_id)),
  }));
  const shown = total > listed.length ? `\n${listed.length} of ${total}; --limit shows more` : '';
  return {
    exitCode: 0,
    json: { total, counts, events: listed.map(({ event }) => event) },
    text:
      total === 0
        ? `no event is ${states.join(' or ')}`
        : table(
            ['SEQ', 'EVENT ID', 'SUBJECT', 'CODE', 'PORTAL', 'STATE', 'ATTEMPTS', 'DUE', 'REASON'],
            listed.map(({ record, event }) => [
              event.seq,
              event.id,
              event.subject,
              event.event,
              event.portal,
              event.state,
              attemptsOf(record).made,
              shortTime(record.due_at),
              excerpt(event.reason, 60),
            ]),
          ) + shown,
  };
}
