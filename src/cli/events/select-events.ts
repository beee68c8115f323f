import { type DeliveryState } from '../../database/schema.js';
import { filterWords } from '../../events/choice-words.js';
import { type Found } from '../../events/event-desk.js';
import { type DeliveryFilter } from '../../ledger/find-deliveries.js';
import { CommandFailed } from '../command/command-result.js';
import { type CommandContext } from '../command/command-context.js';
import { requireKnownCodes } from '../command/known-codes.js';
import { parseReference } from './describe-event.js';

/** What `--state`, `--portal`, `--event` and the like were given. */
export interface EventOptions {
  readonly state?: readonly string[];
  readonly portal?: string;
  readonly event?: readonly string[];
  readonly allPortals?: boolean;
}

/** A comma-separated option. */
export function commaList(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** The given states, or the default. @throws {CommandFailed} for one that is not among `possible` */
export function statesOf<S extends string>(
  given: readonly string[] | undefined,
  possible: readonly S[],
  byDefault: readonly S[],
): readonly S[] {
  if (given === undefined) return byDefault;
  const states = possible.filter((state) => given.includes(state));
  const strange = given.find((word) => !possible.some((state) => state === word));
  if (strange !== undefined || states.length === 0) {
    throw new CommandFailed(
      `--state takes ${possible.join(', ')}${strange === undefined ? '' : `, not ${strange}`}`,
      2,
    );
  }
  return states;
}

/** The filter that the options ask for. @throws {CommandFailed} for an unknown portal */
export function filterOf(
  context: CommandContext,
  options: Pick<EventOptions, 'portal' | 'event'>,
  states: readonly DeliveryState[],
): DeliveryFilter {
  return {
    states,
    ...(options.portal === undefined ? {} : { memberId: context.portal(options.portal).memberId }),
    ...(options.event === undefined ? {} : { events: options.event.map((code) => code.toUpperCase()) }),
  };
}

/** What a change is to be applied to: numbers of deliveries, and a description for people. */
interface Selection {
  readonly seqs: readonly number[];
  /** By what they were found, for the record; left out where they were named. */
  readonly found?: Found;
  readonly words: string;
}

/**
 * The deliveries named by ids, or by a filter that says which portal; every portal only with
 * `--all-portals`.
 * @throws {CommandFailed} when it is not clear what is meant, or an id is unknown
 */
export async function selectEvents(
  context: CommandContext,
  ids: readonly string[],
  options: EventOptions,
  possible: readonly DeliveryState[],
  byDefault: readonly DeliveryState[],
): Promise<Selection> {
  const filtered = [options.state, options.portal, options.event, options.allPortals].some(
    (o) => o !== undefined,
  );
  if (ids.length > 0) {
    if (filtered) throw new CommandFailed('give either ids or a filter, not both', 2);
    const seqs = new Set<number>();
    for (const id of ids) {
      const found = await context.admin.find(parseReference(id));
      if (found.length === 0) throw new CommandFailed(`the ledger knows no event ${id} (any more)`);
      for (const { seq } of found) seqs.add(seq);
    }
    return { seqs: [...seqs], words: ids.join(', ') };
  }
  if ((options.portal === undefined) === (options.allPortals !== true)) {
    throw new CommandFailed('say which: event ids, --portal <portal>, or --all-portals', 2);
  }
  const states = statesOf(options.state, possible, byDefault);
  await requireKnownCodes(context, options.event);
  const filter = filterOf(context, options, states);
  const seqs = await context.desk.seqs({ filter });
  const where = options.portal === undefined ? 'of all portals' : `of ${options.portal}`;
  const which = options.event === undefined ? 'events' : options.event.join(', ');
  return {
    seqs,
    found: { words: filterWords(filter), memberId: filter.memberId },
    words: `${which} ${where} (${states.join(', ')})`,
  };
}

/** `1 published, 2 failed`, for what was left alone. */
export function countsText(counts: Readonly<Partial<Record<DeliveryState, number>>>): string {
  return Object.entries(counts)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');
}
