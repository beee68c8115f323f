import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { EVENT_ORIGINS, type EventOrigin } from '../../contract/event-facts.js';
import { type DeliveryState } from '../../database/schema.js';
import { type FoundEvent } from '../../events/search/found-event.js';
import { TIMELINE_STEPS, type TimelineEntry, type TimelineWhat } from '../../events/search/timeline.js';
import { HISTORY_OUTCOMES, type HistoryOutcome } from '../../ledger/history/history-outcome.js';
import { FOUND_STATES, type FoundState } from '../../ledger/search/event-filter.js';
import { TextOrNull, Time } from '../http/schemas.js';

const OUTCOME = {
  type: String,
  enum: [...HISTORY_OUTCOMES, null],
  nullable: true,
  description: 'How it ended; null while it is under way. `silent`: nothing was heard of it in time.',
} as const;

@ApiSchema({ name: 'Event' })
export class EventView {
  @ApiProperty({ type: String, description: "The event's id, as consumers see it." })
  id!: string;
  @ApiProperty({ type: 'integer', description: 'Number of this delivery of it.' })
  delivery!: number;
  @ApiProperty({
    type: String,
    description: 'Name of its portal; its member id where it is not installed any more.',
  })
  portal!: string;
  @ApiProperty({ type: String })
  memberId!: string;
  @ApiProperty({ type: String, example: 'ONCRMDEALUPDATE' })
  code!: string;
  @ApiProperty({
    type: String,
    nullable: true,
    example: 'crm.deal/123',
    description: 'The object that changed.',
  })
  subject!: string | null;
  @ApiProperty({
    type: String,
    enum: [...EVENT_ORIGINS, null],
    nullable: true,
    description: 'Where it comes from, where that is not its portal’s queue.',
  })
  origin!: EventOrigin | null;
  @ApiProperty({ enum: FOUND_STATES })
  state!: FoundState;
  @Time('Since when it is in this state.')
  stateSince!: string;
  @ApiProperty(OUTCOME)
  outcome!: HistoryOutcome | null;
  @ApiProperty({ type: 'integer', description: 'Attempts that were made.' })
  attempts!: number;
  @TextOrNull('Why it last failed.')
  reason!: string | null;
  @Time('When the object changed on the portal.')
  changedAt!: string;
  @Time('When it was reserved.')
  reservedAt!: string;
  @Time('When RabbitMQ confirmed it, the last time.', true)
  publishedAt!: string | null;
  @Time('When it was over.', true)
  settledAt!: string | null;
  @Time('When it is tried again.', true)
  dueAt!: string | null;
}

@ApiSchema({ name: 'EventPage' })
export class EventPage {
  @ApiProperty({ type: [EventView] })
  items!: EventView[];
  @TextOrNull('The cursor of the next page; null on the last.')
  next!: string | null;
}

@ApiSchema({ name: 'TimelineEntry' })
export class TimelineEntryView {
  @Time('When.')
  at!: string;
  @ApiProperty({ enum: TIMELINE_STEPS, description: 'What happened.' })
  what!: TimelineWhat;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Of which attempt, from 1.' })
  attempt!: number | null;
  @TextOrNull('Why it failed.')
  reason!: string | null;
  @TextOrNull('What told of a failure: a reply, a dead letter, silence.')
  via!: string | null;
  @TextOrNull('Who did it, where a person did.')
  by!: string | null;
  @ApiProperty(OUTCOME)
  outcome!: HistoryOutcome | null;
  @ApiProperty({
    type: String,
    description: 'Of which event: the same row on the portal may have taken in a newer change.',
  })
  event!: string;
}

@ApiSchema({ name: 'EventDetails' })
export class EventDetails {
  @ApiProperty({ type: String })
  id!: string;
  @ApiProperty({ type: [EventView], description: 'Its deliveries, the newest first.' })
  deliveries!: EventView[];
  @ApiProperty({
    type: [TimelineEntryView],
    description: 'What became of it, in the order in which it happened.',
  })
  timeline!: TimelineEntryView[];
  @TextOrNull('The routing key under which it is published; null where it is over and its data is forgotten.')
  routingKey!: string | null;
  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: true,
    description:
      'What consumers get; null for a token that may only read, where it is forgotten, and where no message can be made.',
  })
  body!: unknown;
  @ApiProperty({
    type: Boolean,
    description: 'Whether the body is left out because the token may only read.',
  })
  bodyHidden!: boolean;
  @TextOrNull('Why no message can be made of it.')
  unencodable!: string | null;
}

@ApiSchema({ name: 'Outcome' })
export class OutcomeView {
  @ApiProperty({ type: 'integer', description: 'Deliveries that were meant.' })
  matched!: number;
  @ApiProperty({ type: 'integer', description: 'Of them, those for which it is done.' })
  done!: number;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'Left alone, by state: in these nothing is to be done.',
  })
  left!: Partial<Record<DeliveryState, number>>;
  @ApiProperty({
    type: 'integer',
    description: 'Those that have their turn later: many are done a part at a time.',
  })
  later!: number;
}

/** An event for programs; times are ISO 8601. */
export function viewEvent(found: FoundEvent): EventView {
  return {
    id: found.id,
    delivery: found.seq,
    portal: found.portal,
    memberId: found.memberId,
    code: found.code,
    subject: found.subject,
    origin: found.origin,
    state: found.state,
    stateSince: new Date(found.stateSince).toISOString(),
    outcome: found.outcome,
    attempts: found.attempts,
    reason: found.reason,
    changedAt: new Date(found.changedAt).toISOString(),
    reservedAt: new Date(found.reservedAt).toISOString(),
    publishedAt: time(found.publishedAt),
    settledAt: time(found.settledAt),
    dueAt: time(found.dueAt),
  };
}

/** A step of an event's way, for programs. */
export function viewEntry(entry: TimelineEntry): TimelineEntryView {
  const { at, what, attempt, reason, via, by, outcome, id } = entry;
  return { at: new Date(at).toISOString(), what, attempt, reason, via, by, outcome, event: id };
}

function time(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
