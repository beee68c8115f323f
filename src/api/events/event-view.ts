import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { eventId, subjectOf } from '../../contract/event.js';
import { DELIVERY_STATES, type DeliveryState } from '../../database/schema.js';
import { attemptOf } from '../../events/attempt.js';
import { reasonShown } from '../../events/refusal.js';
import { parseJson } from '../../json/exact-json.js';
import { type DeliveryRecord } from '../../ledger/find-deliveries.js';
import { TextOrNull, Time } from '../http/schemas.js';

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
  @ApiProperty({ enum: DELIVERY_STATES })
  state!: DeliveryState;
  @Time('Since when it is in this state.')
  stateSince!: string;
  @ApiProperty({ type: 'integer', description: 'The attempt under way, next due, or last made, from 1.' })
  attempt!: number;
  @TextOrNull('Why it last failed.')
  reason!: string | null;
  @Time('When it is tried again.', true)
  dueAt!: string | null;
  @Time('When the object changed on the portal.')
  changedAt!: string;
  @Time('When it was reserved.')
  reservedAt!: string;
  @Time('When it was given up by hand.', true)
  discardedAt!: string | null;
}

@ApiSchema({ name: 'EventPage' })
export class EventPage {
  @ApiProperty({ type: [EventView] })
  items!: EventView[];
  @TextOrNull('The cursor of the next page; null on the last.')
  next!: string | null;
}

@ApiSchema({ name: 'EventDetails' })
export class EventDetails {
  @ApiProperty({ type: String })
  id!: string;
  @ApiProperty({ type: [EventView], description: 'Every delivery of it that is known, the latest first.' })
  deliveries!: EventView[];
  @TextOrNull('The routing key under which it is published.')
  routingKey!: string | null;
  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: true,
    description: 'What consumers get; null for a token that may only read, and where no message can be made.',
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

/** A delivery for programs; times are ISO 8601. */
export function viewEvent(record: DeliveryRecord, portal: string): EventView {
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    id: eventId(record.member_id, record.row_id, record.changed_at),
    delivery: record.seq,
    portal,
    memberId: record.member_id,
    code: record.event,
    subject: subjectOf(record.event, parseJson(record.payload)) ?? null,
    state: record.state,
    stateSince: new Date(record.state_at).toISOString(),
    attempt: attemptOf(record),
    reason: reasonShown(record),
    dueAt: time(record.due_at),
    changedAt: new Date(record.changed_at * 1000).toISOString(),
    reservedAt: new Date(record.reserved_at).toISOString(),
    discardedAt: time(record.discarded_at),
  };
}
