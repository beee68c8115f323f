import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { classifyPortalError } from './error-table.js';
import { FeatureUnlicensed, PortalThrottled, type Executed, type PortalAction } from './errors.js';

type Row = [number | null, string, string, PortalAction, Executed];

const ROWS: Row[] = [
  [503, 'QUERY_LIMIT_EXCEEDED', 'Too many requests', 'throttle', 'no'],
  [429, 'OPERATION_TIME_LIMIT', 'Method is blocked due to operation time limit.', 'throttle', 'no'],
  [401, 'expired_token', 'The access token provided has expired', 'refresh', 'no'],
  [401, 'invalid_token', 'Unable to get application by token', 'unauthorized', 'no'],
  [401, 'NO_AUTH_FOUND', 'Wrong authorization data', 'unauthorized', 'no'],
  [401, 'authorization_error', 'Unable to authorize user', 'unauthorized', 'no'],
  [401, 'APPLICATION_NOT_FOUND', 'Application not found', 'unauthorized', 'no'],
  [401, 'ERROR_OAUTH', 'Application not installed', 'unauthorized', 'no'],
  [401, 'ERROR_OAUTH', 'Something else', 'retry', 'no'],
  [401, 'CONNECTION_ERROR', 'Error connecting to authorization server', 'retry', 'no'],
  [401, 'SOMETHING_NEW', '', 'retry', 'no'],
  [401, '', '', 'retry', 'no'],
  // The code decides, whatever the status.
  [401, 'OVERLOAD_LIMIT', 'REST API is blocked due to overload.', 'suspend', 'no'],
  [401, 'insufficient_scope', 'The request requires higher privileges', 'configuration', 'no'],
  [401, 'ACCESS_DENIED', 'REST API is available only on commercial plans.', 'suspend', 'no'],
  [401, 'PORTAL_DELETED', 'Portal was deleted', 'suspend', 'no'],
  [403, 'PORTAL_DELETED', 'Portal was deleted', 'suspend', 'no'],
  [410, 'PORTAL_DELETED', 'Portal was deleted', 'suspend', 'no'],
  [403, 'invalid_token', 'Unable to get application by token', 'unauthorized', 'no'],
  [503, 'CONNECTION_ERROR', 'Error connecting to authorization server', 'retry', 'no'],
  [403, 'ACCESS_DENIED', 'Access denied!', 'configuration', 'no'],
  [403, 'INVALID_CREDENTIALS', 'Invalid request credentials', 'configuration', 'no'],
  [403, 'insufficient_scope', 'The request requires higher privileges', 'configuration', 'no'],
  [403, 'user_access_error', 'The user does not have access', 'configuration', 'no'],
  [403, 'WRONG_AUTH_TYPE', 'Current authorization type is denied', 'configuration', 'no'],
  [403, 'ACCESS_DENIED', 'REST API is available only on commercial plans.', 'suspend', 'no'],
  [403, 'WRONG_LICENSE', 'Current license does not support: x', 'unlicensed', 'no'],
  [503, 'OVERLOAD_LIMIT', 'REST API is blocked due to overload.', 'suspend', 'no'],
  [500, 'PORTAL_DELETED', 'Portal was deleted', 'suspend', 'no'],
  [404, 'ERROR_MANIFEST_IS_NOT_AVAILABLE', 'Manifest is not available', 'suspend', 'no'],
  [402, 'PAYMENT_REQUIRED', 'Payment required', 'suspend', 'no'],
  [403, 'PAYMENT_REQUIRED', 'Payment required', 'suspend', 'no'],
  [400, 'ERROR_ARGUMENT', 'Value must be positive integer', 'bug', 'no'],
  [400, 'ERROR_CORE', 'Unable to set event handler: Handler already binded', 'bug', 'no'],
  [500, 'ERROR_CORE', 'SQL query error!', 'retry', 'unknown'],
  [503, 'ERROR_CORE', '', 'retry', 'unknown'],
  [500, 'error_core', 'Something else', 'retry', 'unknown'],
  [400, 'ERROR_CORE', 'SQL query error!', 'retry', 'unknown'],
  [404, 'ERROR_METHOD_NOT_FOUND', 'Method not found!', 'bug', 'no'],
  [400, 'ERROR_BATCH_LENGTH_EXCEEDED', 'Max batch length exceeded', 'bug', 'no'],
  [405, 'ERROR_BATCH_METHOD_NOT_ALLOWED', 'Method is not allowed for batch usage', 'bug', 'no'],
  [400, 'INVALID_REQUEST', 'Https required.', 'bug', 'no'],
  [500, 'INTERNAL_SERVER_ERROR', 'Internal server error', 'retry', 'unknown'],
  [500, 'ERROR_UNEXPECTED_ANSWER', 'Server returned an unexpected response.', 'retry', 'unknown'],
  // One command of a batch has no status of its own.
  [null, 'WRONG_LICENSE', '', 'unlicensed', 'no'],
  [null, 'INTERNAL_SERVER_ERROR', '', 'retry', 'unknown'],
  // The batch was authorized, so a command that was not is no end; it may have run in part.
  [null, 'invalid_token', '', 'retry', 'unknown'],
  [null, 'CONNECTION_ERROR', '', 'retry', 'unknown'],
  [null, 'expired_token', '', 'refresh', 'no'],
  [null, 'ERROR_CORE', 'SQL query error!', 'retry', 'unknown'],
  [null, 'ERROR_CORE', 'Mysql query error: (1213) Deadlock found', 'retry', 'unknown'],
  [null, 'ERROR_CORE', 'Something went wrong', 'unknown-outcome', 'unknown'],
  [200, 'ERROR_CORE', '', 'unknown-outcome', 'unknown'],
  [null, '', 'SQL query error!', 'retry', 'unknown'],
  [400, 'SOMETHING', 'SQL query error!', 'retry', 'unknown'],
  // Codes that nobody knows go by their status, and claim nothing.
  [403, 'SOMETHING', '', 'configuration', 'no'],
  [429, 'SOMETHING', '', 'throttle', 'no'],
  [502, 'SOMETHING', '', 'retry', 'unknown'],
  [400, 'SOMETHING', '', 'bug', 'unknown'],
  [400, '', '', 'bug', 'unknown'],
  [null, 'SOMETHING', '', 'bug', 'unknown'],
  [200, 'SOMETHING', '', 'unknown-outcome', 'unknown'],
  [200, 'constructor', '', 'unknown-outcome', 'unknown'],
];

describe('classifyPortalError', () => {
  it.each(ROWS)('%s %s (%s) asks for %s, executed: %s', (status, code, description, action, executed) => {
    const error = classifyPortalError(status, code, description, 'event.offline.get');
    expect({ action: error.action, executed: error.executed }).toEqual({ action, executed });
    expect(error).toMatchObject({ status, code: code || 'NO_CODE', method: 'event.offline.get' });
    expect(error.name).toBe(error.constructor.name);
  });

  it('a binding that is refused in general did not come about, and may have with an error of the database', () => {
    const executed = (description: string) =>
      ['event.bind', 'event.unbind'].map(
        (method) => classifyPortalError(null, 'ERROR_CORE', description, method).executed,
      );
    expect(executed('Unable to set event handler: Handler already binded')).toEqual(['no', 'no']);
    expect(executed('SQL query error!')).toEqual(['unknown', 'unknown']);
  });

  it('says which feature a plan lacks', () => {
    const feature = (description: string, method: string): unknown => {
      const error = classifyPortalError(403, 'WRONG_LICENSE', description, method);
      return error instanceof FeatureUnlicensed && { feature: error.feature, told: error.message };
    };
    expect(
      feature('Current license does not support: extended offline events handling', 'event.offline.get'),
    ).toMatchObject({
      feature: 'rest_offline_extended',
      told: expect.stringContaining('rest_offline_extended'),
    });
    expect(feature('Current license does not support: auth_connector', 'event.offline.get')).toMatchObject({
      feature: 'rest_auth_connector',
    });
    expect(feature('', 'event.offline.get')).toMatchObject({ feature: 'rest_offline_extended' });
    expect(feature('', 'event.bind')).toMatchObject({ feature: null });
    // A request that is refused as a whole brought a source key.
    expect(feature('', 'batch')).toMatchObject({ feature: 'rest_auth_connector' });
  });

  it('keeps the time at which a method is free again', () => {
    const error = classifyPortalError(429, 'OPERATION_TIME_LIMIT', '', 'event.offline.get', 1234);
    expect(error instanceof PortalThrottled && error.until).toBe(1234);
  });

  it('keeps whatever a server says on one line of bounded length', () => {
    const error = classifyPortalError(
      400,
      'ERROR_ARGUMENT',
      `a\r\n\u001b[31mb\u0000${'x '.repeat(2500)}`,
      'batch',
    );
    // eslint-disable-next-line no-control-regex
    expect(error.message).not.toMatch(/[\u0000-\u001f]/);
    expect(error.message.length).toBeLessThan(400);
    expect(inspect(error, { depth: 9 })).toContain('a [31mb x');
  });

  it('shows nothing that may be a token, and the ids that explain an error', () => {
    const token = 'a1B2c3D4e5'.repeat(7);
    const id = 'a223c6b3710f85df22e9377d6c4f7553';
    const error = classifyPortalError(401, token, `token=${token} of ${id}`, 'batch');
    expect(inspect(error, { depth: 9 })).not.toContain(token);
    expect(error.message).toContain(id);
  });
});
