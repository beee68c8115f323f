import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsOptional, IsString, MaxLength } from 'class-validator';
import { SNAPSHOT_STATES, type SnapshotState } from '../../database/schema.js';
import { progressOf } from '../../ledger/snapshots/snapshot-progress.js';
import { type SnapshotRecord } from '../../ledger/snapshots/snapshot-record.js';
import { OptionalText, TextOrNull, Time } from '../http/schemas.js';

const MOST = 50;

export class SnapshotBody {
  @ApiProperty({
    type: [String],
    example: ['crm.deal', 'crm.contact'],
    maxItems: MOST,
    description: 'Types of objects: `crm.deal`, `crm.dynamic-item-134`, ….',
  })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MOST)
  @IsString({ each: true })
  @MaxLength(100, { each: true })
  types!: string[];

  @ApiPropertyOptional({
    type: [String],
    example: ['stageId=WON'],
    maxItems: MOST,
    description:
      'Only objects that are so: each a field, an operator (`=`, `>=`, `<=`, `>`, `<`, `!=`) and a value.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MOST)
  @IsString({ each: true })
  @MaxLength(700, { each: true })
  filter?: string[];

  @OptionalText('The routing key of its events, in place of `<portal>.<object>.snapshot`.', 200, {
    example: 'acme.crm.deal.first-load',
  })
  routingKey?: string;
}

@ApiSchema({ name: 'SnapshotType' })
class SnapshotTypeView {
  @ApiProperty({ type: String, example: 'crm.deal' })
  type!: string;
  @ApiProperty({ type: 'integer', description: 'Everything up to this id is read.' })
  afterId!: number;
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'The last id that there was when it was begun; null until it was.',
  })
  maxId!: number | null;
  @ApiProperty({ type: 'integer', description: 'Objects that were read.' })
  objects!: number;
  @ApiProperty({
    type: 'integer',
    description: 'Objects of them that were left out, since a newer event of theirs was under way.',
  })
  superseded!: number;
}

@ApiSchema({ name: 'Snapshot' })
export class SnapshotView {
  @ApiProperty({ type: 'integer', description: 'Its number.' })
  snapshot!: number;
  @ApiProperty({
    type: String,
    description: 'Name of its portal; its member id where it is not installed any more.',
  })
  portal!: string;
  @ApiProperty({ enum: SNAPSHOT_STATES })
  state!: SnapshotState;
  @TextOrNull('Why it has failed.')
  reason!: string | null;
  @ApiProperty({ type: [SnapshotTypeView] })
  types!: SnapshotTypeView[];
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'What objects have to be like, as the portal takes it.',
  })
  filter!: Record<string, string>;
  @TextOrNull('The routing key that was asked for; null: the standard ones.')
  routingKey!: string | null;
  @ApiProperty({ type: String, description: 'Who asked for it.' })
  askedBy!: string;
  @Time('When it was asked for.')
  startedAt!: string;
  @Time('When anything of it was last written.')
  progressedAt!: string;
  @Time('When it was over.', true)
  finishedAt!: string | null;
  @ApiProperty({
    type: 'number',
    nullable: true,
    description: 'How far it is, 0 to 1, by the ids that are read; null until it has begun.',
  })
  fraction!: number | null;
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description:
      'How many objects there are likely to be, where the others are as dense; null where that cannot be told yet.',
  })
  expectedObjects!: number | null;
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description:
      'How many seconds it is likely to take on, at the pace that it had; null where that cannot be told.',
  })
  remainingSeconds!: number | null;
}

@ApiSchema({ name: 'SnapshotList' })
export class SnapshotListView {
  @ApiProperty({ type: [SnapshotView], description: 'The latest first, twenty at most.' })
  items!: SnapshotView[];
}

/** A snapshot, for programs. */
export function viewSnapshot(snapshot: SnapshotRecord, portal: string, now = Date.now()): SnapshotView {
  const { fraction, expected, remainingMs } = progressOf(snapshot, now);
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    snapshot: snapshot.no,
    portal,
    state: snapshot.state,
    reason: snapshot.reason,
    types: snapshot.types.map(({ name, afterId, maxId, objects, superseded }) => ({
      type: name,
      afterId,
      maxId,
      objects,
      superseded,
    })),
    filter: { ...snapshot.filter },
    routingKey: snapshot.routingKey,
    askedBy: snapshot.askedBy,
    startedAt: iso(snapshot.createdAt),
    progressedAt: iso(snapshot.progressedAt),
    finishedAt: snapshot.finishedAt === null ? null : iso(snapshot.finishedAt),
    fraction,
    expectedObjects: expected,
    remainingSeconds: remainingMs === null ? null : Math.ceil(remainingMs / 1000),
  };
}
