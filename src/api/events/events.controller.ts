import { Body, Get, Param, Query } from '@nestjs/common';
import { parseEventId } from '../../contract/event.js';
import { type DeliveryState } from '../../database/schema.js';
import { type Choice, DEFAULT_STATES, EventDesk } from '../../events/event-desk.js';
import { messageOf } from '../../events/event-message.js';
import { readReference } from '../../events/event-reference.js';
import { type EventQuery } from '../../events/search/event-query.js';
import { EventSearch } from '../../events/search/event-search.js';
import { queryWords } from '../../events/choice-words.js';
import { LedgerAdmin } from '../../ledger/admin.js';
import { retriedOf } from '../../ledger/retry-now.js';
import { PortalRegistry } from '../../portals/registry.js';
import { actorOf, type ApiRequest, tokenOf } from '../access/api-request.js';
import { Answers, ApiResource, Operates, Request } from '../http/api.decorators.js';
import { Problem } from '../http/problem.js';
import { EventChoice, EventsQuery } from './event-choice.js';
import { EventDetails, EventPage, OutcomeView, viewEntry, viewEvent } from './event-view.js';

/** Events, and what people do about them. */
@ApiResource('events', 'events')
export class EventsController {
  constructor(
    private readonly search: EventSearch,
    private readonly desk: EventDesk,
    private readonly admin: LedgerAdmin,
    private readonly registry: PortalRegistry,
  ) {}

  @Get()
  @Answers('Find events, the latest change first', 'findEvents', EventPage, {
    problems: ['invalid-cursor', 'not-found'],
    description: 'Those under way, in trouble and over, for as long as HISTORY_DAYS remembers them.',
  })
  async find(@Query() { limit, cursor, q, state, code, ...query }: EventsQuery): Promise<EventPage> {
    const { events, next } = await this.search.find(
      this.query({ ...query, text: q, states: state, codes: code }),
      { limit, cursor },
    );
    return { items: events.map(viewEvent), next };
  }

  @Get(':id')
  @Answers('One event: its way, its deliveries and what consumers get', 'getEvent', EventDetails, {
    problems: ['not-found'],
    description:
      'By its id, or by the number of a delivery. The body may have personal data: only tokens that may operate get it.',
  })
  async show(@Param('id') text: string, @Request() request: ApiRequest): Promise<EventDetails> {
    const reference = readReference(text);
    const timeline = reference === null ? null : await this.search.timeline(text);
    if (reference === null || timeline === null)
      throw new Problem('not-found', `no event ${text.slice(0, 300)} is known, or not any more`);
    const [record] = await this.admin.find(reference);
    const { routingKey, body, unencodable } =
      record === undefined ? NO_MESSAGE : messageOf(record, this.registry.get(record.member_id));
    const bodyHidden = tokenOf(request).right !== 'operate';
    return {
      id: timeline.id,
      deliveries: timeline.deliveries.map(viewEvent),
      timeline: timeline.entries.map(viewEntry),
      routingKey,
      body: bodyHidden ? null : body,
      bodyHidden,
      unencodable,
    };
  }

  @Operates('retry', 'Have events delivered again now', 'retryEvents', OutcomeView, {
    problems: ['not-found'],
  })
  async retry(@Body() choice: EventChoice, @Request() request: ApiRequest): Promise<OutcomeView> {
    const chosen = await this.chosen(choice, DEFAULT_STATES.retry);
    const retried = await this.desk.retry(chosen, actorOf(request));
    const { matched, left, later } = retried;
    return outcome(choice, { matched, done: retriedOf(retried), left, later });
  }

  @Operates('discard', 'Give events up for good', 'discardEvents', OutcomeView, {
    problems: ['not-found'],
    description: 'They count as processed, and the portal is cleared of them.',
  })
  async discard(@Body() choice: EventChoice, @Request() request: ApiRequest): Promise<OutcomeView> {
    const chosen = await this.chosen(choice, DEFAULT_STATES.discard);
    const { matched, discarded, left, later } = await this.desk.discard(chosen, actorOf(request));
    return outcome(choice, { matched, done: discarded, left, later });
  }

  private async chosen({ ids, filter }: EventChoice, byDefault: readonly DeliveryState[]): Promise<Choice> {
    if ((ids === undefined) === (filter === undefined))
      throw invalid('ids', 'give ids or a filter, one of the two');
    if (filter === undefined) return { references: (ids ?? []).map(referenceOf) };
    const { allPortals, ...common } = filter;
    if ((common.portal === undefined) !== (allPortals === true))
      throw invalid('filter.portal', 'name a portal, or say allPortals: true');
    // A search for nothing finds everything, which nobody means who acts on it.
    if (common.text?.trim() === '') throw invalid('filter.text', 'it is blank');
    const query = this.query({ ...common, states: common.states ?? byDefault });
    const seqs = await this.search.seqs(query);
    return { seqs, found: { words: queryWords(query), memberId: query.portals?.[0] } };
  }

  private query({
    portal,
    ...query
  }: Omit<EventQuery, 'portals'> & { portal?: string | undefined }): EventQuery {
    const known = portal === undefined ? undefined : this.registry.meant(portal);
    if (portal !== undefined && known === undefined)
      throw new Problem('not-found', `no portal ${portal} is installed`);
    return { ...query, ...(known === undefined ? {} : { portals: [known.memberId] }) };
  }
}

/** Of what is over, the data is forgotten. */
const NO_MESSAGE = { routingKey: null, body: null, unencodable: null } as const;

function referenceOf(id: string) {
  const reference = parseEventId(id);
  if (reference === null) throw invalid('ids', `${id} is no event id`);
  return reference;
}

function outcome({ ids }: EventChoice, done: OutcomeView): OutcomeView {
  if (ids !== undefined && done.matched === 0)
    throw new Problem('not-found', 'none of these events is known, or not any more');
  return done;
}

function invalid(field: string, message: string): Problem {
  return new Problem('invalid-request', message, [{ field, message }]);
}
