import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Length, Max, MaxLength, Min } from 'class-validator';
import { readTime } from '../../audit/read-time.js';

export const MAX_PAGE = 500;

/** Which part of a list. */
export class PageQuery {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: MAX_PAGE,
    default: 50,
    description: 'How many at most.',
  })
  @IsOptional()
  @Transform(({ value }) => (/^\d{1,6}$/.test(String(value)) ? Number(value) : Number.NaN))
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE)
  limit = 50;

  @ApiPropertyOptional({ type: String, description: 'Where the page before ended: its `next`.' })
  @IsOptional()
  @IsString()
  @MaxLength(300)
  cursor?: string;
}

/** A problem: why a request is not answered (RFC 9457). */
export class ProblemSchema {
  @ApiProperty({ type: String, example: 'urn:bitrix24-bridge:problem:not-found' })
  type!: string;
  @ApiProperty({ type: String })
  title!: string;
  @ApiProperty({ type: 'integer' })
  status!: number;
  @ApiProperty({ type: String })
  detail!: string;
  @ApiPropertyOptional({
    type: 'array',
    items: {
      type: 'object',
      properties: { field: { type: 'string' }, message: { type: 'string' } },
      required: ['field', 'message'],
    },
    description: 'Which fields are not as the API takes them, and why.',
  })
  errors?: { field: string; message: string }[];
}

/** A parameter that may be left out. @param maximum characters */
export function OptionalText(
  description: string,
  maximum = 200,
  more: { example?: string } = {},
): PropertyDecorator {
  return (target, key) => {
    ApiPropertyOptional({ type: String, maxLength: maximum, description, ...more })(target, key);
    IsOptional()(target, key);
    IsString()(target, key);
    Length(1, maximum)(target, key);
  };
}

/** A parameter that is a time; it is read to Unix ms. */
export function OptionalTime(description: string): PropertyDecorator {
  return (target, key) => {
    ApiPropertyOptional({
      type: String,
      description: `${description} A day or a time (ISO 8601), UTC where no zone is said.`,
      example: '2026-11-29T14:00:00Z',
    })(target, key);
    IsOptional()(target, key);
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? (readTime(value) ?? Number.NaN) : value,
    )(target, key);
    IsInt({ message: `${String(key)} must be a day or a time (2026-11-29, 2026-11-29T14:00:00Z)` })(
      target,
      key,
    );
  };
}

/** A time in an answer; null where there is none. */
export function Time(description: string, nullable = false): PropertyDecorator {
  return ApiProperty({ type: String, format: 'date-time', nullable, description });
}

/** A text in an answer that may be null. */
export function TextOrNull(description: string): PropertyDecorator {
  return ApiProperty({ type: String, nullable: true, description });
}
