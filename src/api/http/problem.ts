import { HttpException } from '@nestjs/common';

/** What can go wrong, by the last word of its `type`, with its status and title. */
export const PROBLEMS = {
  'invalid-request': [400, 'The request is not as the API takes it'],
  'unreadable-body': [400, 'The body is no JSON object'],
  'invalid-cursor': [400, 'The cursor is none that this list has given'],
  'invalid-idempotency-key': [400, 'The idempotency key is not usable'],
  unauthorized: [401, 'A token is needed'],
  forbidden: [403, 'The token may only read'],
  'not-found': [404, 'There is no such thing'],
  'method-not-allowed': [405, 'That cannot be done to it'],
  conflict: [409, 'In its present state that cannot be done to it'],
  'idempotency-in-progress': [409, 'The request with this idempotency key is under way'],
  'body-too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The body has to be JSON, uncompressed'],
  'idempotency-key-reused': [422, 'The idempotency key belongs to another request'],
  'too-many-requests': [429, 'Too many requests'],
  unavailable: [503, 'It cannot be done at present'],
} as const satisfies Readonly<Record<string, readonly [number, string]>>;
export type ProblemName = keyof typeof PROBLEMS;

/** A problem as it is answered (RFC 9457). */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Of `invalid-request`: which fields, and why. */
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

/** Says why a request is not answered. */
export class Problem extends HttpException {
  constructor(
    readonly problem: ProblemName,
    readonly detail: string,
    readonly errors?: ProblemBody['errors'],
  ) {
    super(detail, PROBLEMS[problem][0]);
  }

  get body(): ProblemBody {
    const [status, title] = PROBLEMS[this.problem];
    return {
      type: typeOf(this.problem),
      title,
      status,
      detail: this.detail,
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    };
  }
}

/** The stable name of a problem, for programs. */
function typeOf(problem: ProblemName): string {
  return `urn:bitrix24-bridge:problem:${problem}`;
}
