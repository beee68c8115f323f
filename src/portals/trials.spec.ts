import { describe, expect, it } from '@jest/globals';
import { classifyPortalError } from '../bitrix24/error-table.js';
import { OutcomeUnknown, PortalMisconfigured, PortalUnreachable } from '../bitrix24/errors.js';
import { tokenRefusal } from '../bitrix24/token-grant.js';
import { verdictOn } from './trials.js';

const refused = (status: number, code: string, description = '') =>
  classifyPortalError(status, code, description, 'event.offline.list');

describe('what a trial says of tokens', () => {
  it.each([
    refused(403, 'ACCESS_DENIED', 'Access denied!'),
    refused(403, 'user_access_error'),
    refused(401, 'insufficient_scope'),
    refused(401, 'invalid_token'),
    tokenRefusal('oauth/token', 400, 'invalid_grant', ''),
  ])('is no for %s', (error) => {
    expect(verdictOn(error)).toBe('no');
  });

  it.each([
    refused(403, 'ACCESS_DENIED', 'REST API is available only on commercial plans.'),
    refused(503, 'OVERLOAD_LIMIT'),
    refused(503, 'QUERY_LIMIT_EXCEEDED'),
    refused(429, 'OPERATION_TIME_LIMIT'),
    refused(500, 'INTERNAL_SERVER_ERROR'),
    refused(500, 'ERROR_CORE', 'SQL query error!'),
    refused(403, 'PAYMENT_REQUIRED'),
    refused(403, 'SOMETHING_NEW'),
    refused(403, 'WRONG_LICENSE'),
    refused(404, 'ERROR_METHOD_NOT_FOUND'),
    refused(401, 'CONNECTION_ERROR'),
    // Our own keys: of the tokens that says nothing.
    tokenRefusal('oauth/token', 401, 'invalid_client', ''),
    new PortalMisconfigured({ method: 'event.offline.list', code: 'REDIRECTED', executed: 'unknown' }),
    new PortalUnreachable({ method: 'event.offline.list', code: 'ECONNREFUSED' }),
    new OutcomeUnknown({ method: 'event.offline.list', code: 'TIMEOUT' }),
    new Error('the database is gone'),
  ])('is unknown for %s', (error) => {
    expect(verdictOn(error)).toBe('unknown');
  });
});
