import { type ServerResponse } from 'node:http';
import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  SetMetadata,
  UnauthorizedException,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuditLog } from '../../audit/audit-log.js';
import { Access } from './access.js';
import { actorOf } from './actor-of.js';
import { type DashboardRequest, fieldsOf } from './request.js';
import { type Session } from './sessions.js';

const OPEN_TO_ALL = 'dashboard:open-to-all';

/** For what is shown before the log-in. */
export const OpenToAll = () => SetMetadata(OPEN_TO_ALL, true);

/** A form that was not made for this session, or that another site has sent: 403. */
class ForeignForm extends ForbiddenException {
  constructor() {
    super('this form is from another session, or too old');
  }
}

/**
 * Answers 401 to a request without a session, and 403 to one that changes something and has no form token of its
 * session.
 */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(
    private readonly access: Access,
    private readonly reflector: Reflector,
    private readonly audit: AuditLog,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<DashboardRequest>();
    const { session, fresh } = await this.access.sessionOf(request);
    request.session = session;
    if (fresh) {
      // A client that keeps no cookie comes anew with every request.
      if (session.via === 'proxy')
        void this.audit.recordOften({ actor: actorOf(request), action: 'logged_in', target: 'dashboard' });
      const cookie = this.access.sessions.cookie(session, request.secure);
      http.getResponse<ServerResponse>().appendHeader('Set-Cookie', cookie);
    }
    const open =
      this.reflector.getAllAndOverride<boolean | undefined>(OPEN_TO_ALL, [
        context.getHandler(),
        context.getClass(),
      ]) === true;
    if (session.via === 'nobody' && !open) throw new UnauthorizedException();
    if (request.method !== 'GET' && request.method !== 'HEAD') this.checkForm(request, session);
    return true;
  }

  /** Against CSRF: a form of another site has no token of this session. */
  private checkForm(request: DashboardRequest, session: Session): void {
    const { formToken } = fieldsOf(request.body);
    // Another site under the same domain may set our cookies over http, and so have a token that fits them. Browsers say
    // from which site a form comes.
    const site = request.headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin') throw new ForeignForm();
    if (!this.access.sessions.isFormToken(session, formToken)) throw new ForeignForm();
  }
}

/** The session that the {@link SessionGuard} has found. */
export function sessionOf(request: DashboardRequest): Session {
  if (request.session === undefined) throw new Error('SessionGuard has not run for this page');
  return request.session;
}
