import {
  AuthorizationUnavailable,
  FeatureUnlicensed,
  OutcomeUnknown,
  PortalFailed,
  PortalMisconfigured,
  PortalSuspended,
  PortalThrottled,
  PortalUnauthorized,
  RequestRefused,
  TokenExpired,
  type ErrorDetails,
  type PlanFeature,
  type PortalError,
} from './errors.js';

type Verdict =
  | 'rate'
  | 'time'
  | 'refresh'
  | 'unauthorized'
  | 'doubtful'
  | 'configuration'
  | 'suspend'
  | 'license'
  | 'bug'
  | 'failed';

/** Codes as portals spell them, in capitals: they mix both cases. */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  QUERY_LIMIT_EXCEEDED: 'rate',
  OPERATION_TIME_LIMIT: 'time',
  EXPIRED_TOKEN: 'refresh',
  INVALID_TOKEN: 'unauthorized',
  NO_AUTH_FOUND: 'unauthorized',
  AUTHORIZATION_ERROR: 'unauthorized',
  APPLICATION_NOT_FOUND: 'unauthorized',
  CONNECTION_ERROR: 'doubtful',
  ACCESS_DENIED: 'configuration',
  INVALID_CREDENTIALS: 'configuration',
  INSUFFICIENT_SCOPE: 'configuration',
  USER_ACCESS_ERROR: 'configuration',
  WRONG_AUTH_TYPE: 'configuration',
  WRONG_LICENSE: 'license',
  OVERLOAD_LIMIT: 'suspend',
  PORTAL_DELETED: 'suspend',
  ERROR_MANIFEST_IS_NOT_AVAILABLE: 'suspend',
  PAYMENT_REQUIRED: 'suspend',
  ERROR_ARGUMENT: 'bug',
  ERROR_METHOD_NOT_FOUND: 'bug',
  ERROR_BATCH_LENGTH_EXCEEDED: 'bug',
  ERROR_BATCH_METHOD_NOT_ALLOWED: 'bug',
  INVALID_REQUEST: 'bug',
  INTERNAL_SERVER_ERROR: 'failed',
  ERROR_UNEXPECTED_ANSWER: 'failed',
};

/** Of `ERROR_OAUTH`, which says other things as well. */
const NOT_INSTALLED = /not installed/i;
/** What a method says when nothing more exact is known: it means what its status says. */
const GENERAL_ERROR = 'ERROR_CORE';
/** The portal's database failed amid the work. */
const DATABASE_FAILED = /\bquery error\b|\b(?:my|postgre)?sql\b.*\berror\b|\bdeadlock\b/i;
/** Methods whose general error tells of a wish that they do not grant: nothing ran. */
const REFUSES_IN_GENERAL = /^event\.(?:un)?bind$/i;

/** Methods that only an administrator may call. */
const QUEUE_METHOD = /^event\.offline\./i;

/** The portal says this with the same code that it uses for a missing right. */
const PLAN_WITHOUT_REST = /only (?:available )?on commercial plans/i;

/**
 * Maps a portal's error answer to a typed error. The code decides; an unknown one goes by its status, and where
 * neither says that nothing ran, the error says that something may have. A database that failed has done part of the
 * work, whatever code and status tell of it.
 *
 * @param status HTTP status; null for the error of one command of a batch
 * @param until Unix milliseconds at which the method's execution time is free again, where known
 */
export function classifyPortalError(
  status: number | null,
  code: string,
  description: string,
  method: string,
  until: number | null = null,
): PortalError {
  const details: ErrorDetails = { method, code: code === '' ? 'NO_CODE' : code, status, description };
  const known = verdictOf(code.toUpperCase(), description);
  switch (known ?? general(status, code, description, method) ?? byStatus(status)) {
    case 'rate':
      return new PortalThrottled(details, null);
    case 'time':
      return new PortalThrottled(details, until);
    case 'refresh':
      return new TokenExpired(details);
    case 'unauthorized':
      // One command was refused, and the batch that carries it was not: its token is good for something.
      return status === null
        ? new AuthorizationUnavailable({ ...details, executed: 'unknown' })
        : new PortalUnauthorized(details);
    case 'doubtful':
      return new AuthorizationUnavailable({ ...details, executed: status === null ? 'unknown' : 'no' });
    case 'configuration':
      return PLAN_WITHOUT_REST.test(description)
        ? new PortalSuspended(details)
        : new PortalMisconfigured(withRight(details));
    case 'license':
      return new FeatureUnlicensed(details, featureOf(description, method));
    case 'suspend':
      return new PortalSuspended(details);
    case 'bug':
      return new RequestRefused(details);
    case 'failed':
      return new PortalFailed(details);
    case 'unknown-refusal':
      return new RequestRefused({ ...details, executed: 'unknown' });
    case 'unknown-outcome':
      return new OutcomeUnknown(details);
  }
}

/** The queue is refused to every user but an administrator: the portal's error does not say so. */
function withRight(details: ErrorDetails): ErrorDetails {
  if (details.code.toUpperCase() !== 'ACCESS_DENIED' || !QUEUE_METHOD.test(details.method)) return details;
  const more =
    'the user who installed the application is no administrator of the portal: let one install or open it';
  return {
    ...details,
    description: [details.description ?? '', more].filter((text) => text !== '').join('; '),
  };
}

function verdictOf(code: string, description: string): Verdict | undefined {
  if (code === 'ERROR_OAUTH' && NOT_INSTALLED.test(description)) return 'unauthorized';
  return VERDICTS[code];
}

/** What an error without a code of its own means by its description; null where that says nothing. */
function general(
  status: number | null,
  code: string,
  description: string,
  method: string,
): Verdict | 'unknown-outcome' | null {
  if (DATABASE_FAILED.test(description)) return 'failed';
  if (code.toUpperCase() !== GENERAL_ERROR) return null;
  // A command of a batch has no status, and its general error may have come after part of its work.
  if (status === null || status < 400) return REFUSES_IN_GENERAL.test(method) ? 'bug' : 'unknown-outcome';
  return status < 500 && status !== 401 ? 'bug' : null;
}

function byStatus(status: number | null): Verdict | 'unknown-refusal' | 'unknown-outcome' {
  if (status === 401) return 'doubtful';
  if (status === 402) return 'suspend';
  if (status === 403) return 'configuration';
  if (status === 429) return 'time';
  if (status !== null && status >= 500) return 'failed';
  // A method can raise a code of its own after it did part of its work.
  if (status === null || status >= 400) return 'unknown-refusal';
  return 'unknown-outcome';
}

function featureOf(description: string, method: string): PlanFeature | null {
  if (/auth[_ ]?connector/i.test(description)) return 'rest_auth_connector';
  if (/offline/i.test(description) || method.startsWith('event.offline.')) return 'rest_offline_extended';
  if (method === 'batch') return 'rest_auth_connector';
  return null;
}
