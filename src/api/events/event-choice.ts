import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  Length,
  ValidateNested,
} from 'class-validator';
import { FOUND_STATES, type FoundState } from '../../ledger/search/event-filter.js';
import { OptionalText, OptionalTime, PageQuery } from '../http/schemas.js';

const MAX_IDS = 1000;
const MAX_LISTED = 50;

/** `a,b` in an address is a list, and so is a name that comes twice. */
const asList = ({ value }: { value: unknown }): unknown =>
  (Array.isArray(value) ? (value as unknown[]) : [value]).flatMap((part) =>
    typeof part === 'string' ? part.split(',').map((word) => word.trim()) : [part],
  );

const STATES_ENUM = { enum: FOUND_STATES, isArray: true } as const;

/** What events may have in common. */
export class EventsQuery extends PageQuery {
  @OptionalText(
    'Anything that names an event: an object (`deal 123`, `crm.deal/123`, `123`), an id, a code, a portal, a state, a part of a reason.',
    200,
    { example: 'deal 123' },
  )
  q?: string;

  @OptionalText('An object and nothing else.', 200, { example: 'crm.deal/123' })
  object?: string;

  @OptionalText('Name, address or member id of a portal.')
  portal?: string;

  @ApiPropertyOptional({ ...STATES_ENUM, description: 'Only those in these states.' })
  @IsOptional()
  @Transform(asList)
  @IsIn(FOUND_STATES, { each: true })
  @ArrayMaxSize(MAX_LISTED)
  state?: FoundState[];

  @ApiPropertyOptional({ type: [String], description: 'Only these codes.', example: ['ONCRMDEALUPDATE'] })
  @IsOptional()
  @Transform(asList)
  @IsString({ each: true })
  @Length(1, 100, { each: true })
  @ArrayMaxSize(MAX_LISTED)
  code?: string[];

  @OptionalTime('Changed on the portal then or later.')
  from?: number;

  @OptionalTime('Changed on the portal until then.')
  to?: number;
}

@ApiSchema({ name: 'EventFilter' })
export class EventFilterBody {
  @OptionalText('Name, address or member id of a portal.')
  portal?: string;

  @ApiPropertyOptional({ type: Boolean, description: 'Has to be true where no portal is named.' })
  @IsOptional()
  @IsBoolean()
  allPortals?: boolean;

  @ApiPropertyOptional({
    ...STATES_ENUM,
    description: 'Retry: dead, waiting, refused and marked, unless said otherwise. Discard: dead.',
  })
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MAX_LISTED)
  @IsIn(FOUND_STATES, { each: true })
  states?: FoundState[];

  @ApiPropertyOptional({ type: [String], description: 'Only these codes.' })
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MAX_LISTED)
  @IsString({ each: true })
  @Length(1, 100, { each: true })
  codes?: string[];

  @OptionalText('What a search would find; see `q`.')
  text?: string;

  @OptionalText('An object and nothing else.', 200, { example: 'crm.deal/123' })
  object?: string;

  @OptionalTime('Changed on the portal then or later.')
  from?: number;

  @OptionalTime('Changed on the portal until then.')
  to?: number;
}

/** Either of the two. */
@ApiSchema({
  name: 'EventChoice',
  description: 'Which events: by their ids, or by what they have in common; one of the two.',
})
export class EventChoice {
  @ApiPropertyOptional({ type: [String], maxItems: MAX_IDS, description: 'Ids of events.' })
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MAX_IDS)
  @IsString({ each: true })
  @Length(1, 300, { each: true })
  ids?: string[];

  @ApiProperty({ type: EventFilterBody, required: false })
  @IsOptional()
  @ValidateNested()
  @Type(() => EventFilterBody)
  filter?: EventFilterBody;
}
