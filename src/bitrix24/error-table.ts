import {
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
  'rate' | 'time' | 'refresh' | 'unauthorized' | 'configuration' | 'suspend' | 'license' | 'bug' | 'failed';

/** Codes as portals spell them, in capitals: they mix both cases. */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  QUERY_LIMIT_EXCEEDED: 'rate',
  OPERATION_TIME_LIMIT: 'time',
  EXPIRED_TOKEN: 'refresh',
  INVALID_TOKEN: 'unauthorized',
  NO_AUTH_FOUND: 'unauthorized',
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
  ERROR_CORE: 'bug',
  ERROR_METHOD_NOT_FOUND: 'bug',
  ERROR_BATCH_LENGTH_EXCEEDED: 'bug',
  ERROR_BATCH_METHOD_NOT_ALLOWED: 'bug',
  INVALID_REQUEST: 'bug',
  INTERNAL_SERVER_ERROR: 'failed',
  ERROR_UNEXPECTED_ANSWER: 'failed',
};

/** The portal says this with the same code that it uses for a missing right. */
const PLAN_WITHOUT_REST = /only (?:available )?on commercial plans/i;

/**
 * Maps a portal's error answer to a typed error. The code decides; an unknown one goes by its status, and where
 * neither says that nothing ran, the error says that something may have.
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
  switch (VERDICTS[code.toUpperCase()] ?? byStatus(status)) {
    case 'rate':
      return new PortalThrottled(details, null);
    case 'time':
      return new PortalThrottled(details, until);
    case 'refresh':
      return new TokenExpired(details);
    case 'unauthorized':
      return new PortalUnauthorized(details);
    case 'configuration':
      return PLAN_WITHOUT_REST.test(description)
        ? new PortalSuspended(details)
        : new PortalMisconfigured(details);
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

function byStatus(status: number | null): Verdict | 'unknown-refusal' | 'unknown-outcome' {
  if (status === 401) return 'unauthorized';
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
  return null;
}
