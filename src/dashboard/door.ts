import { type ServerResponse } from 'node:http';
import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Inject,
  Injectable,
  SetMetadata,
  UnauthorizedException,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Access } from './access.js';
import { type DashboardRequest, fieldsOf } from './request.js';
import { type Session } from './sessions.js';

const OPEN_TO_ALL = 'dashboard:open-to-all';

/** For what is shown before the log-in. */
export const OpenToAll = () => SetMetadata(OPEN_TO_ALL, true);

/** A form that was not made for this session: 403. */
export class ForeignForm extends ForbiddenException {
  constructor() {
    super('this form is from another session, or too old');
  }
}

/**
 * Lets in whoever has a session, 401 otherwise; and of what changes something only a form that was made for that
 * session, 403 otherwise.
 */
@Injectable()
export class Door implements CanActivate {
  constructor(
    @Inject(Access) private readonly access: Access,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<DashboardRequest>();
    const { session, fresh } = this.access.sessionOf(request);
    request.session = session;
    if (fresh) {
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

  private checkForm(request: DashboardRequest, session: Session): void {
    const { formToken } = fieldsOf(request.body);
    if (!this.access.sessions.isFormToken(session, formToken)) throw new ForeignForm();
  }
}

/** The session that the {@link Door} has found. */
export function sessionOf(request: DashboardRequest): Session {
  if (request.session === undefined) throw new Error('a page without a door');
  return request.session;
}
