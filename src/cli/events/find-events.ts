import { readTime } from '../../audit/read-time.js';
import { type FoundEvent } from '../../events/search/found-event.js';
import { FOUND_STATES } from '../../ledger/search/event-filter.js';
import { type CommandContext } from '../command/command-context.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { requireKnownCodes } from '../command/known-codes.js';
import { excerpt, isoTime, shortTime, table } from '../command/table.js';
import { type EventOptions, statesOf } from './select-events.js';

/** What narrows a search beside its text. */
export interface FindOptions extends Pick<EventOptions, 'state' | 'portal' | 'event'> {
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
}

/** Events that are under way, in trouble or over, the latest change first: what a text names or occurs in. */
export async function findEvents(
  context: CommandContext,
  text: string | undefined,
  options: FindOptions,
): Promise<CommandResult> {
  await requireKnownCodes(context, options.event);
  const query = {
    text,
    states: options.state === undefined ? undefined : statesOf(options.state, FOUND_STATES, FOUND_STATES),
    portals: options.portal === undefined ? undefined : [context.portal(options.portal).memberId],
    codes: options.event,
    from: timeOf('--from', options.from),
    to: timeOf('--to', options.to),
  };
  const { events, next } = await context.search.find(query, { limit: options.limit });
  const more = next === null ? '' : `\nthe latest ${events.length}; --limit shows more`;
  return {
    exitCode: events.length === 0 ? 1 : 0,
    json: { events: events.map(describeFound), more: next !== null },
    text:
      events.length === 0
        ? `nothing is known of ${text ?? 'such an event'}: never reserved here, or forgotten since (HISTORY_DAYS)`
        : table(
            ['SEQ', 'CHANGED', 'SUBJECT', 'CODE', 'PORTAL', 'STATE', 'ATTEMPTS', 'EVENT ID', 'REASON'],
            events.map((event) => [
              event.seq,
              shortTime(event.changedAt),
              event.subject,
              event.code,
              event.portal,
              event.outcome ?? event.state,
              event.attempts,
              event.id,
              excerpt(event.reason, 60),
            ]),
          ) + more,
  };
}

/** For `--json`: times are ISO 8601, what does not apply is null. */
export function describeFound(event: FoundEvent) {
  return {
    seq: event.seq,
    id: event.id,
    portal: event.portal,
    memberId: event.memberId,
    event: event.code,
    subject: event.subject,
    origin: event.origin,
    rowId: event.rowId,
    processId: event.processId,
    state: event.state,
    stateSince: isoTime(event.stateSince),
    outcome: event.outcome,
    attempts: event.attempts,
    reason: event.reason,
    changedAt: isoTime(event.changedAt),
    reservedAt: isoTime(event.reservedAt),
    publishedAt: isoTime(event.publishedAt),
    settledAt: isoTime(event.settledAt),
    dueAt: isoTime(event.dueAt),
    inHistory: event.isHistory,
  };
}

/** @throws {CommandFailed} */
function timeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const at = readTime(text);
  if (at === null)
    throw new CommandFailed(`${option} takes a day or a time, UTC: 2026-11-29 or "2026-11-29 14:00"`, 2);
  return at;
}
