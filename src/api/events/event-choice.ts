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
import { DELIVERY_STATES, type DeliveryState } from '../../database/schema.js';
import { OptionalText, PageQuery } from '../http/schemas.js';

const MAX_IDS = 1000;
const MAX_LISTED = 50;

/** `a,b` in an address is a list, and so is a name that comes twice. */
const asList = ({ value }: { value: unknown }): unknown =>
  (Array.isArray(value) ? (value as unknown[]) : [value]).flatMap((part) =>
    typeof part === 'string' ? part.split(',').map((word) => word.trim()) : [part],
  );

/** What events may have in common. */
export class EventsQuery extends PageQuery {
  @OptionalText('Occurs in the reason, the data or the code; or an id.')
  q?: string;

  @OptionalText('Name, address or member id of a portal.')
  portal?: string;

  @ApiPropertyOptional({
    enum: DELIVERY_STATES,
    isArray: true,
    description:
      'Only those in these states; without it, those in trouble (failed, marked, waiting, refused, dead).',
  })
  @IsOptional()
  @Transform(asList)
  @IsIn(DELIVERY_STATES, { each: true })
  @ArrayMaxSize(MAX_LISTED)
  state?: DeliveryState[];

  @ApiPropertyOptional({
    type: [String],
    description: 'Only these codes.',
    example: ['ONCRMDEALUPDATE'],
  })
  @IsOptional()
  @Transform(asList)
  @IsString({ each: true })
  @Length(1, 100, { each: true })
  @ArrayMaxSize(MAX_LISTED)
  code?: string[];
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
    enum: DELIVERY_STATES,
    isArray: true,
    description: 'Retry: dead, waiting, refused and marked, unless said otherwise. Discard: dead.',
  })
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MAX_LISTED)
  @IsIn(DELIVERY_STATES, { each: true })
  states?: DeliveryState[];

  @ApiPropertyOptional({ type: [String], description: 'Only these codes.' })
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MAX_LISTED)
  @IsString({ each: true })
  @Length(1, 100, { each: true })
  codes?: string[];

  @OptionalText('Occurs in the reason, the data or the code; or an id.')
  text?: string;
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
