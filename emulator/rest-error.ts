/** A refusal as the portal words it: an HTTP status, a code for programs and a sentence for people. */
export class RestError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    description: string,
  ) {
    super(description);
    this.name = 'RestError';
  }

  toJSON(): { error: string; error_description: string } {
    return { error: this.code, error_description: this.message };
  }
}

export const argumentError = (description: string): RestError =>
  new RestError(400, 'ERROR_ARGUMENT', description);

/** Situations in which a portal refuses every call. */
export type SuspendedState =
  | 'not-commercial'
  | 'overload'
  | 'deleted'
  | 'payment-required'
  | 'manifest-unavailable'
  | 'https-required'
  | 'access-restricted'
  | 'connection-error'
  | 'internal-error'
  | 'unexpected-answer';

const SUSPENSIONS: Record<SuspendedState, readonly [number, string, string]> = {
  'not-commercial': [403, 'ACCESS_DENIED', 'REST API is available only on commercial plans.'],
  overload: [503, 'OVERLOAD_LIMIT', 'REST API is blocked due to overload.'],
  deleted: [500, 'PORTAL_DELETED', 'Portal was deleted'],
  'payment-required': [403, 'PAYMENT_REQUIRED', 'Subscription has been ended'],
  'manifest-unavailable': [404, 'ERROR_MANIFEST_IS_NOT_AVAILABLE', 'Manifest is not available'],
  'https-required': [400, 'INVALID_REQUEST', 'Https required.'],
  'access-restricted': [403, 'user_access_error', 'The user does not have access to the application.'],
  'connection-error': [401, 'CONNECTION_ERROR', 'Error connecting to authorization server'],
  'internal-error': [500, 'INTERNAL_SERVER_ERROR', 'Internal server error'],
  'unexpected-answer': [500, 'ERROR_UNEXPECTED_ANSWER', 'Server returned an unexpected response'],
};

export const isSuspendedState = (state: string): state is SuspendedState => Object.hasOwn(SUSPENSIONS, state);

export function suspension(state: SuspendedState): RestError {
  const [status, code, description] = SUSPENSIONS[state];
  return new RestError(status, code, description);
}
