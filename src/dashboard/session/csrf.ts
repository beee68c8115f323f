import { ForbiddenException } from '@nestjs/common';
import { type DashboardRequest, fieldsOf } from './dashboard-request.js';
import { type Session, type Sessions } from './sessions.js';

/** A form that was not made for this session, or that another site has sent: 403. */
class ForeignForm extends ForbiddenException {
  constructor() {
    super('this form is from another session, or too old');
  }
}

/**
 * Against CSRF: a form of another site has no token of this session.
 * @throws {ForeignForm}
 */
export function refuseForeignForm(
  { headers, body }: Pick<DashboardRequest, 'headers' | 'body'>,
  session: Session,
  sessions: Pick<Sessions, 'isFormToken'>,
): void {
  // Another site under the same domain may set our cookies over http, and so have a token that fits them. Browsers say
  // from which site a form comes.
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') throw new ForeignForm();
  const { formToken } = fieldsOf(body);
  if (!sessions.isFormToken(session, formToken)) throw new ForeignForm();
}
