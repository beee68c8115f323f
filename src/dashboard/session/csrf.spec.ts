import { type IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { refuseForeignForm } from './csrf.js';
import { Sessions } from './sessions.js';
import { SignedValues } from './signed-values.js';

const sessions = new Sessions(new SignedValues('secret', 'password'));
const session = sessions.begin('password');
const formToken = sessions.formToken(session);

const sent = (body: unknown, headers: IncomingHttpHeaders = {}) => {
  refuseForeignForm({ headers, body }, session, sessions);
};

describe('a form', () => {
  it.each([undefined, 'same-origin'])(
    'with the token of its session is taken, Sec-Fetch-Site: %s',
    (site) => {
      expect(() => sent({ formToken }, site === undefined ? {} : { 'sec-fetch-site': site })).not.toThrow();
    },
  );

  it.each(['cross-site', 'same-site', 'none'])(
    'that a browser calls %s is refused whatever it has',
    (site) => {
      expect(() => sent({ formToken }, { 'sec-fetch-site': site })).toThrow(
        'this form is from another session',
      );
    },
  );

  it.each([
    ['of another session', { formToken: sessions.formToken(sessions.begin('password')) }],
    ['that is empty', { formToken: '' }],
    ['in a list', { formToken: [formToken] }],
    ['that is missing', {}],
    ['and without fields', undefined],
  ])('with a token %s is refused', (_how, body) => {
    expect(() => sent(body)).toThrow('this form is from another session');
  });
});
