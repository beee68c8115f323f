import { Body, Get, Param, Query } from '@nestjs/common';
import { parseEventId } from '../../contract/event.js';
import { type DeliveryState } from '../../database/schema.js';
import { type Choice, EventDesk } from '../../events/event-desk.js';
import { messageOf } from '../../events/event-message.js';
import { readReference } from '../../events/event-reference.js';
import { LedgerAdmin } from '../../ledger/admin.js';
import { type DeliveryFilter, type DeliveryRecord } from '../../ledger/find-deliveries.js';
import { retriedOf, RETRYABLE } from '../../ledger/retry-now.js';
import { TROUBLED } from '../../ledger/trouble.js';
import { PortalRegistry } from '../../portals/registry.js';
import { actorOf, type ApiRequest, tokenOf } from '../access/api-request.js';
import { Answers, ApiResource, Operates, Request } from '../http/api.decorators.js';
import { readCursor, writeCursor } from '../http/cursor.js';
import { Problem } from '../http/problem.js';
import { EventChoice, EventsQuery } from './event-choice.js';
import { EventDetails, EventPage, type EventView, OutcomeView, viewEvent } from './event-view.js';

/** Events, and what people do about them. */
@ApiResource('events', 'events')
export class EventsController {
  constructor(
    private readonly desk: EventDesk,
    private readonly admin: LedgerAdmin,
    private readonly registry: PortalRegistry,
  ) {}

  @Get()
  @Answers('Find events, the latest in their state first', 'findEvents', EventPage, {
    problems: ['not-found'],
  })
  async find(@Query() { q, portal, state, code, limit, cursor }: EventsQuery): Promise<EventPage> {
    const mark = readCursor('events', cursor);
    const filter = this.filter({ portal, codes: code, text: q }, state ?? TROUBLED);
    const after = mark === undefined ? undefined : { stateAt: mark.at, seq: mark.id };
    const found = await this.admin.latest(filter, limit + 1, after);
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    return {
      items: shown.map((record) => this.view(record)),
      next: found.length > limit && last ? writeCursor('events', last.state_at, last.seq) : null,
    };
  }

  @Get(':id')
  @Answers('One event: its deliveries and what consumers get', 'getEvent', EventDetails, {
    problems: ['not-found'],
    description:
      'By its id, or by the number of a delivery. The body may have personal data: only tokens that may operate get it.',
  })
  async show(@Param('id') text: string, @Request() request: ApiRequest): Promise<EventDetails> {
    const reference = readReference(text);
    const [record] = reference === null ? [] : await this.admin.find(reference);
    if (record === undefined)
      throw new Problem('not-found', `no event ${text.slice(0, 300)} is known, or not any more`);
    const { member_id: memberId, row_id: rowId, changed_at: changedAt } = record;
    const all = await this.admin.find({ memberId, rowId, changedAt });
    const deliveries = all.map((one) => this.view(one));
    const { routingKey, body, unencodable } = messageOf(record, this.registry.get(memberId));
    const bodyHidden = tokenOf(request).right !== 'operate';
    const { id } = this.view(record);
    return { id, deliveries, routingKey, body: bodyHidden ? null : body, bodyHidden, unencodable };
  }

  @Operates('retry', 'Have events delivered again now', 'retryEvents', OutcomeView, {
    problems: ['not-found'],
  })
  async retry(@Body() choice: EventChoice, @Request() request: ApiRequest): Promise<OutcomeView> {
    const retried = await this.desk.retry(this.chosen(choice, RETRYABLE), actorOf(request));
    const { matched, left, later } = retried;
    return outcome(choice, { matched, done: retriedOf(retried), left, later });
  }

  @Operates('discard', 'Give events up for good', 'discardEvents', OutcomeView, {
    problems: ['not-found'],
    description: 'They count as processed, and the portal is cleared of them.',
  })
  async discard(@Body() choice: EventChoice, @Request() request: ApiRequest): Promise<OutcomeView> {
    const { matched, discarded, left, later } = await this.desk.discard(
      this.chosen(choice, ['dead']),
      actorOf(request),
    );
    return outcome(choice, { matched, done: discarded, left, later });
  }

  private chosen({ ids, filter }: EventChoice, byDefault: readonly DeliveryState[]): Choice {
    if ((ids === undefined) === (filter === undefined))
      throw invalid('ids', 'give ids or a filter, one of the two');
    if (filter === undefined) return { references: (ids ?? []).map(referenceOf) };
    if ((filter.portal === undefined) !== (filter.allPortals === true))
      throw invalid('filter.portal', 'name a portal, or say allPortals: true');
    return { filter: this.filter(filter, filter.states ?? byDefault) };
  }

  private filter(
    {
      portal,
      codes,
      text,
    }: { portal?: string | undefined; codes?: string[] | undefined; text?: string | undefined },
    states: readonly DeliveryState[],
  ): DeliveryFilter {
    const known = portal === undefined ? undefined : this.registry.find(portal);
    if (portal !== undefined && known === undefined)
      throw new Problem('not-found', `no portal ${portal} is installed`);
    return {
      states,
      ...(known === undefined ? {} : { memberId: known.memberId }),
      ...(codes === undefined ? {} : { events: codes.map((code) => code.toUpperCase()) }),
      ...(text === undefined ? {} : { text }),
    };
  }

  private view(record: DeliveryRecord): EventView {
    return viewEvent(record, this.registry.nameOf(record.member_id));
  }
}

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
