import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import {
  MISSED_CAUSES,
  MISSED_KINDS,
  type MissedCause,
  type MissedKind,
} from '../../database/reconcile-schema.js';
import { type MissedChange } from '../../state/reconcile/memory/read-missed.js';
import { eventIdOf, type TypeReport } from '../../state/reconcile/reconcile-report.js';
import { OptionalText, PageQuery, TextOrNull, Time } from '../http/schemas.js';

export class MissedQuery extends PageQuery {
  @OptionalText('Name, address or member id of a portal.')
  portal?: string;
  @ApiPropertyOptional({ enum: MISSED_KINDS })
  @IsOptional()
  @IsIn(MISSED_KINDS)
  change?: MissedKind;
  @ApiPropertyOptional({ enum: MISSED_CAUSES })
  @IsOptional()
  @IsIn(MISSED_CAUSES)
  cause?: MissedCause;
}

@ApiSchema({ name: 'MissedChange' })
export class MissedChangeView {
  @ApiProperty({ type: String, description: 'Id of the event that tells of it.' })
  eventId!: string;
  @ApiProperty({ type: String, description: 'Name of its portal.' })
  portal!: string;
  @ApiProperty({ type: String, example: 'crm.deal/123' })
  subject!: string;
  @ApiProperty({ enum: MISSED_KINDS })
  change!: MissedKind;
  @Time('When the object was changed; of a delete, when that was found.')
  changedAt!: string;
  @Time('When it was found.')
  foundAt!: string;
  @ApiProperty({
    enum: MISSED_CAUSES,
    description: 'Why no event announced it, as likely as that can be told.',
  })
  cause!: MissedCause;
}

@ApiSchema({ name: 'MissedChangePage' })
export class MissedChangePage {
  @ApiProperty({ type: [MissedChangeView] })
  items!: MissedChangeView[];
  @TextOrNull('The cursor of the next page; null on the last.')
  next!: string | null;
}

@ApiSchema({ name: 'MissedCounts' })
class MissedCountsView {
  @ApiProperty({ type: 'integer' })
  add!: number;
  @ApiProperty({ type: 'integer' })
  update!: number;
  @ApiProperty({ type: 'integer' })
  delete!: number;
}

@ApiSchema({ name: 'ReconciledType' })
export class ReconciledTypeView {
  @ApiProperty({ type: String, example: 'crm.deal' })
  type!: string;
  @ApiProperty({ type: 'integer', description: 'Objects that are known to be there.' })
  objects!: number;
  @Time('Since when differences count; null while everything is looked at for the first time.', true)
  learnedAt!: string | null;
  @Time('When it was last looked through what was changed.', true)
  lookedAt!: string | null;
  @Time('When the last sweep through all objects began that is over.', true)
  sweptAt!: string | null;
  @ApiProperty({
    type: 'number',
    nullable: true,
    description: 'How far the sweep under way is, 0 to 1; null: none is.',
  })
  sweep!: number | null;
  @ApiProperty({ type: 'integer', description: 'Changes whose events may still come.' })
  suspects!: number;
  @TextOrNull('Why it cannot be read at present.')
  trouble!: string | null;
  @ApiProperty({ type: MissedCountsView, description: 'Changes in the report.' })
  missed!: MissedCountsView;
}

@ApiSchema({ name: 'Reconciliation' })
export class ReconciliationView {
  @ApiProperty({ type: String, description: 'Name of the portal.' })
  portal!: string;
  @ApiProperty({ type: [ReconciledTypeView] })
  types!: ReconciledTypeView[];
}

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

export function viewMissed(one: MissedChange, portal: string): MissedChangeView {
  return {
    eventId: eventIdOf(one),
    portal,
    subject: `${one.type}/${one.object_id}`,
    change: one.change,
    changedAt: new Date(one.changed_at * 1000).toISOString(),
    foundAt: new Date(one.found_at).toISOString(),
    cause: one.cause,
  };
}

export function viewType({ learnedAt, lookedAt, sweptAt, ...rest }: TypeReport): ReconciledTypeView {
  return {
    ...rest,
    learnedAt: timeOf(learnedAt),
    lookedAt: timeOf(lookedAt),
    sweptAt: timeOf(sweptAt),
  };
}
