import { parseEventId } from '../../contract/event.js';
import { isTroubled, TROUBLED } from '../../ledger/trouble.js';
import { both, type Condition, type EventFilter, type FoundOrder } from '../../ledger/search/event-filter.js';
import { type LedgerSearch } from '../../ledger/search/ledger-search.js';
import { type DeliveryState } from '../../database/schema.js';
import { readCursor, writeCursor } from '../../http/cursor.js';
import { type PortalRegistry } from '../../portals/registry.js';
import { type EventPage, type EventQuery } from './event-query.js';
import { type FoundEvent, foundEvent } from './found-event.js';
import { type Known, readText } from './read-text.js';
import { type Timeline, timelineEntries } from './timeline.js';

/** A part of what was found. */
export interface FoundPage {
  readonly events: readonly FoundEvent[];
  /** The cursor of the next part; null where this is the last. */
  readonly next: string | null;
}

/** Deliveries that one event has at most, beyond which the oldest are left out: its row was fetched again and again. */
const DELIVERIES = 50;

/**
 * Finds events: those in hand, those in trouble and those that are over, in one list. Behind the dashboard, the command
 * line and the API. Methods reject with the database driver's error.
 */
export class EventSearch {
  constructor(
    private readonly ledger: LedgerSearch,
    private readonly registry: Pick<PortalRegistry, 'list' | 'nameOf'>,
  ) {}

  /**
   * A page of what the query finds.
   * @throws {BadCursor}
   * @throws RangeError where `latest` is asked for with states that it does not go with
   */
  async find(query: EventQuery, { sort = 'newest', cursor, limit }: EventPage): Promise<FoundPage> {
    const mark = cursor === undefined ? undefined : readCursor(listOf(sort), cursor);
    const after = mark === undefined ? undefined : { at: mark.at, seq: mark.id };
    const filter = await this.filterOf(query);
    if (sort === 'latest' && filter.all.states?.every(isTrouble) !== true)
      throw new RangeError(`the order latest goes with the states ${TROUBLED.join(', ')}`);
    const found = await this.ledger.find(filter, sort, after, limit + 1);
    const events = found.slice(0, limit).map((one) => this.seen(one));
    const last = events.at(-1);
    if (found.length <= limit || last === undefined) return { events, next: null };
    const at = sort === 'latest' ? last.stateSince : last.changedAt / 1000;
    return { events, next: writeCursor(listOf(sort), { at, id: last.seq }) };
  }

  /** Numbers of the deliveries that a query finds and that can still be acted on, ascending. */
  async seqs(query: EventQuery): Promise<number[]> {
    return this.ledger.seqs(await this.filterOf(query));
  }

  /**
   * All that is known of an event, named by its id or by the number of a delivery; null where nothing is, or not any
   * more.
   */
  async timeline(id: string): Promise<Timeline | null> {
    const named = await this.find({ id }, { limit: DELIVERIES });
    const reference = parseEventId(id);
    const [first] = named.events;
    const memberId = first?.memberId ?? reference?.memberId;
    const rowId = first?.rowId ?? reference?.rowId;
    const changedAt = first === undefined ? reference?.changedAt : first.changedAt / 1000;
    if (memberId === undefined || rowId === undefined || changedAt === undefined) return null;
    const log = await this.ledger.log(memberId, rowId);
    const isIt = log.some((entry) => entry.changed_at === changedAt);
    if (first === undefined && !isIt) return null;
    const at = { from: changedAt * 1000, to: changedAt * 1000 };
    const all = await this.ledger.find(
      { all: { memberIds: [memberId], rowId, from: changedAt, to: changedAt } },
      'newest',
      undefined,
      DELIVERIES,
    );
    const deliveries = all.map((one) => this.seen(one)).filter((one) => one.changedAt === at.from);
    const known = deliveries[0] ?? first;
    return {
      id: known?.id ?? id,
      memberId,
      portal: this.registry.nameOf(memberId),
      code: known?.code ?? '',
      subject: known?.subject ?? null,
      deliveries,
      entries: timelineEntries(deliveries, log),
    };
  }

  /** Codes of all events that there are, or were. */
  codes(): Promise<string[]> {
    return this.ledger.codes();
  }

  private seen(found: Parameters<typeof foundEvent>[0]): FoundEvent {
    return foundEvent(found, (memberId) => this.registry.nameOf(memberId));
  }

  private async filterOf(query: EventQuery): Promise<EventFilter> {
    const { text, object, id, portals, codes, states, reason, from, to } = query;
    const all: { -readonly [Key in keyof Condition]: Condition[Key] } = {};
    if (portals !== undefined) all.memberIds = portals;
    if (codes !== undefined) all.codes = codes.map((code) => code.toUpperCase());
    if (states !== undefined) all.states = states;
    if (from !== undefined) all.from = Math.ceil(from / 1000);
    if (to !== undefined) all.to = Math.floor(to / 1000);
    if (reason !== undefined) all.reasonNos = await this.ledger.reasonsLike(reason);
    const any: (readonly Condition[])[] = [];
    if (id !== undefined) any.push(idConditions(id));
    if (object !== undefined || (text !== undefined && text.trim() !== '')) {
      const known: Known = {
        portals: this.registry.list(),
        codes: await this.ledger.codes(),
        reasonsWith: (part) => this.ledger.reasonsWith(part),
        rowsOfProcess: (processId) => this.ledger.rowsOfProcess(processId),
      };
      if (object !== undefined) {
        const meant = await readText(object, { ...known, portals: [] });
        any.push(meant.filter((one) => one.objectId !== undefined));
      }
      if (text !== undefined && text.trim() !== '') any.push(await readText(text, known));
    }
    const [first, ...others] = any;
    if (first === undefined) return { all };
    return { all, any: others.reduce(pairs, first) };
  }
}

/** Each order is a list of its own: a mark in one means nothing in another. */
function listOf(sort: FoundOrder): string {
  return `events-${sort}`;
}

function isTrouble(state: string): boolean {
  return isTroubled(state as DeliveryState);
}

/** Each of one list with each of another. */
function pairs(left: readonly Condition[], right: readonly Condition[]): readonly Condition[] {
  return left.flatMap((one) => right.map((other) => both(one, other))).filter((one) => one !== null);
}

function idConditions(id: string): readonly Condition[] {
  if (/^\d{1,15}$/.test(id)) return [{ seq: Number(id) }];
  const event = parseEventId(id);
  if (event === null) return [];
  const { memberId, rowId, changedAt } = event;
  return [{ memberIds: [memberId], rowId, from: changedAt, to: changedAt }];
}
