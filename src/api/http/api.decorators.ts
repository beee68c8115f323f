import {
  applyDecorators,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  HttpCode,
  Post,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { type ValidationError } from 'class-validator';
import { type ApiRequest } from '../access/api-request.js';
import { OperateGuard } from '../access/operate.guard.js';
import { IdempotencyInterceptor } from '../idempotency/idempotency.interceptor.js';
import { ProblemFilter } from './problem.filter.js';
import { Problem, type ProblemName, PROBLEMS } from './problem.js';
import { ProblemSchema } from './schemas.js';

export const ROOT = 'api/v1';

/** Of every request. */
const ALWAYS: readonly ProblemName[] = [
  'invalid-request',
  'unauthorized',
  'too-many-requests',
  'unavailable',
];
const OF_WRITES: readonly ProblemName[] = [
  'forbidden',
  'conflict',
  'body-too-large',
  'unsupported-media-type',
  'idempotency-key-reused',
];

/** A controller of the API. */
export const ApiResource = (path: string, tag: string) =>
  applyDecorators(
    Controller(`${ROOT}${path === '' ? '' : `/${path}`}`),
    UseFilters(ProblemFilter),
    UseInterceptors(IdempotencyInterceptor),
    UsePipes(
      new ValidationPipe({
        transform: true,
        whitelist: true,
        forbidNonWhitelisted: true,
        exceptionFactory: invalidRequest,
      }),
    ),
    ApiTags(tag),
    ApiBearerAuth('token'),
    ApiExtraModels(ProblemSchema),
  );

/** What a request is for, and what is answered. */
export const Answers = (
  summary: string,
  id: string,
  type: Type<unknown>,
  more: { description?: string; problems?: readonly ProblemName[]; status?: number } = {},
) =>
  applyDecorators(
    ApiOperation({
      summary,
      operationId: id,
      ...(more.description === undefined ? {} : { description: more.description }),
    }),
    ApiResponse({ status: more.status ?? 200, type, description: 'Done.' }),
    ...problemResponses([...ALWAYS, ...(more.problems ?? [])]),
  );

/** A POST that changes something, for tokens that may. */
export const Operates = (
  path: string,
  ...answers: Parameters<typeof Answers>
): ReturnType<typeof applyDecorators> => {
  const [summary, id, type, more = {}] = answers;
  return applyDecorators(
    Post(path),
    HttpCode(more.status ?? 200),
    UseGuards(OperateGuard),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'Any text of 1 to 255 printable characters without spaces. The same request with the same key is done once and answered the same, for 24 hours.',
      schema: { type: 'string', maxLength: 255 },
    }),
    Answers(summary, id, type, { ...more, problems: [...OF_WRITES, ...(more.problems ?? [])] }),
  );
};

function problemResponses(problems: readonly ProblemName[]): ReturnType<typeof ApiResponse>[] {
  const byStatus = new Map<number, string[]>();
  for (const problem of problems) {
    const [status, title] = PROBLEMS[problem];
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${problem}\`: ${title}.`]);
  }
  return [...byStatus].map(([status, titles]) =>
    ApiResponse({
      status,
      description: titles.join(' '),
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemSchema) } } },
    }),
  );
}

function invalidRequest(faults: readonly ValidationError[]): Problem {
  const errors = faults.flatMap((fault) => errorsOf(fault, ''));
  return new Problem('invalid-request', errors.map(({ message }) => message).join('; '), errors);
}

function errorsOf(
  { property, constraints = {}, children = [] }: ValidationError,
  within: string,
): { field: string; message: string }[] {
  const field = `${within}${property}`.slice(0, 200);
  return [
    ...Object.values(constraints).map((message) => ({ field, message: message.slice(0, 500) })),
    ...children.flatMap((child) => errorsOf(child, `${field}.`)),
  ];
}

/** Parameter: the request. */
export const Request = createParamDecorator((_: unknown, context: ExecutionContext): ApiRequest =>
  context.switchToHttp().getRequest<ApiRequest>(),
);
