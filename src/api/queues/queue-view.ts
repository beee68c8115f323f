import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { MOST_AT_ONCE, type Republished } from '../../outcomes/republished.js';
import { OptionalText } from '../http/schemas.js';

@ApiSchema({ name: 'Queue' })
class QueueView {
  @ApiProperty({ enum: ['unrouted', 'replies', 'rejected', 'dead'] })
  role!: string;
  @ApiProperty({ type: String, description: 'Its name at RabbitMQ.' })
  name!: string;
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Messages in it; null where RabbitMQ did not say.',
  })
  messages!: number | null;
}

@ApiSchema({ name: 'Queues' })
export class QueuesView {
  @ApiProperty({ type: [QueueView] })
  items!: QueueView[];
}

@ApiSchema({ name: 'QueueKey' })
class QueueKeyView {
  @ApiProperty({ type: String, example: 'acme.crm.deal.update' })
  key!: string;
  @ApiProperty({ type: 'integer' })
  count!: number;
}

@ApiSchema({ name: 'QueueLook' })
export class QueueLookView {
  @ApiProperty({ type: [QueueKeyView], description: 'By routing key, those with the most messages first.' })
  keys!: QueueKeyView[];
  @ApiProperty({ type: 'integer', description: 'Messages that were looked at, from the oldest on.' })
  seen!: number;
  @ApiProperty({ type: 'integer', description: 'Messages that there are.' })
  there!: number;
  @ApiProperty({
    type: Boolean,
    description: 'Whether the look ended early, at a message that was looked at too often.',
  })
  worn!: boolean;
}

@ApiSchema({ name: 'RepublishOrder' })
export class RepublishBody {
  @OptionalText('Only events of this routing key; without it, of every key.', 255, {
    example: 'acme.crm.deal.update',
  })
  key?: string;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: MOST_AT_ONCE, description: 'At most so many.' })
  @IsInt()
  @Min(1)
  @Max(MOST_AT_ONCE)
  count!: number;
}

@ApiSchema({ name: 'Republished' })
export class RepublishedView {
  @ApiProperty({
    type: 'integer',
    description:
      'Delivered to the queues that are bound; of dead ones, due now, in a new series of attempts.',
  })
  republished!: number;
  @ApiProperty({
    type: 'integer',
    description:
      'Dead letters whose event is under way again, or was settled since: taken out, and nothing more.',
  })
  obsolete!: number;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description:
      'Still in the queue, by why: `unroutable` (no queue is bound to their key), `unconfirmed` (not taken), `unreadable` (no event of this bridge), `unknown_portal` (not installed).',
  })
  left!: Republished['left'];
  @ApiProperty({
    type: Boolean,
    description: 'Whether it ended early, at a message that was passed by too often: ask again.',
  })
  cutShort!: boolean;
}
