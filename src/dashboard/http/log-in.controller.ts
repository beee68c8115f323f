import { type ServerResponse } from 'node:http';
import { Post, Query, Redirect } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import { Access } from '../session/access.js';
import { actorOf } from '../session/actor-of.js';
import { cookieName, writeCookie } from '../session/cookies.js';
import { DashboardLog } from '../session/dashboard-log.js';
import { LogInThrottle } from '../session/log-in-throttle.js';
import { ownPath } from '../session/own-path.js';
import { type Fields, fieldsOf, textField } from '../session/dashboard-request.js';
import { OpenToAll, sessionOf } from '../session/session.guard.js';
import { logInPage } from '../views/log-in-page.js';
import { type HttpContext } from './http-context.js';
import { DashboardController, Http, Page, PostForPage } from './page.decorators.js';
import { PageContextService } from './page-context.service.js';

/** `/log-in` and `/log-out`. */
@DashboardController()
export class LogInController {
  constructor(
    private readonly access: Access,
    private readonly pages: PageContextService,
    private readonly throttle: LogInThrottle,
    private readonly log: DashboardLog,
    private readonly audit: AuditLog,
  ) {}

  @Page('log-in')
  @OpenToAll()
  show(@Query() query: Fields, @Http() http: HttpContext): string {
    return this.page(http, ownPath(textField(query, 'to')), null);
  }

  @PostForPage('log-in', 403)
  @OpenToAll()
  logIn(@Http() http: HttpContext): string {
    const { request, response } = http;
    const fields = fieldsOf(request.body);
    const to = ownPath(textField(fields, 'to'));
    // A user whom the proxy has signed in needs no password, however many were tried.
    if (sessionOf(request).via === 'proxy') return this.goOn(response, to);
    const attempt = this.throttle.take(request);
    if (!attempt.allowed) {
      response.statusCode = 429;
      response.setHeader('Retry-After', String(Math.ceil(attempt.waitMs / 1000)));
      return this.page(http, to, attempt.waitMs);
    }
    const from = this.throttle.sender(request).address;
    // As it was typed: a password may begin or end with a space.
    if (!this.access.isPassword(fields['password'])) {
      this.log.warn({ event: 'dashboard.log_in_refused', from });
      void this.audit.recordOften({ actor: actorOf(request), action: 'log_in_refused', target: 'dashboard' });
      return this.page(http, to, 0);
    }
    this.log.info({ event: 'dashboard.logged_in', from });
    // A log-in does not wait for the database: the dashboard is needed most while that does not answer.
    void this.audit.record({ actor: actorOf(request), action: 'logged_in', target: 'dashboard' });
    attempt.undo();
    const cookie = this.access.sessions.cookie(this.access.begin('password'), request.secure);
    response.setHeader('Set-Cookie', [this.throttle.remember(request), cookie]);
    return this.goOn(response, to);
  }

  @Post('log-out')
  @Redirect('/log-in', 303)
  async logOut(@Http() { request, response }: HttpContext): Promise<void> {
    const name = cookieName('session', request.secure);
    response.setHeader('Set-Cookie', [
      this.throttle.forget(request),
      writeCookie(name, '', 0, request.secure),
    ]);
    const session = sessionOf(request);
    if (session.via !== 'nobody')
      void this.audit.record({ actor: actorOf(request), action: 'logged_out', target: 'dashboard' });
    await this.access.ends.end(session);
  }

  private goOn(response: ServerResponse, to: string): string {
    response.statusCode = 303;
    response.setHeader('Location', to);
    return '';
  }

  /** @param waitMs null before a password was tried, 0 after a wrong one, else how long to wait with the next */
  private page(http: HttpContext, to: string, waitMs: number | null): string {
    const { byPassword } = this.access;
    const { undeclaredProxy } = this.throttle.sender(http.request);
    return logInPage(this.pages.of(http), { to, byPassword, waitMs, undeclaredProxy }).text;
  }
}
