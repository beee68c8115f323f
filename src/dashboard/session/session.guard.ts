import { type ServerResponse } from 'node:http';
import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  SetMetadata,
  UnauthorizedException,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuditLog } from '../../audit/audit-log.js';
import { Access } from './access.js';
import { actorOf } from './actor-of.js';
import { refuseForeignForm } from './csrf.js';
import { type DashboardRequest } from './dashboard-request.js';
import { type Session } from './sessions.js';

const OPEN_TO_ALL = 'dashboard:open-to-all';

/** For what is shown before the log-in. */
export const OpenToAll = () => SetMetadata(OPEN_TO_ALL, true);

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
    if (request.method !== 'GET' && request.method !== 'HEAD')
      refuseForeignForm(request, session, this.access.sessions);
    return true;
  }
}

/** The session that the {@link SessionGuard} has found. */
export function sessionOf(request: DashboardRequest): Session {
  if (request.session === undefined) throw new Error('SessionGuard has not run for this page');
  return request.session;
}
