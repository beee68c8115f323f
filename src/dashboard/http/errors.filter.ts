import { type ServerResponse } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { Assets } from './assets.js';
import { DashboardLog } from '../session/dashboard-log.js';
import { type DashboardRequest } from '../session/dashboard-request.js';
import { wordsIn } from '../html/words.js';
import { languageOf } from './language-of.js';
import { errorPage } from '../views/error-page.js';
import { unavailablePage } from '../views/unavailable-page.js';
import { PageContextService } from './page-context.service.js';
import { type HttpContext } from './http-context.js';
import { reasonOf } from '../../logging/reason.js';

/** Turns errors into pages; a user who is not logged in is sent to the log-in page. */
@Catch()
export class ErrorsFilter implements ExceptionFilter {
  constructor(
    private readonly assets: Assets,
    private readonly log: DashboardLog,
    private readonly pages: PageContextService,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<DashboardRequest>();
    const response = http.getResponse<ServerResponse>();
    const status = error instanceof HttpException ? error.getStatus() : 503;
    if (!(error instanceof HttpException)) {
      const reason = reasonOf(error);
      this.log.warn({ event: 'dashboard.failed', path: request.originalUrl.split('?', 1)[0], reason });
    }
    if (response.headersSent) {
      response.end();
      return;
    }
    if (status === 401 && request.method === 'GET' && wantsPage(request)) {
      response.statusCode = 303;
      const to = request.originalUrl === '/' ? '' : `?to=${encodeURIComponent(request.originalUrl)}`;
      response.setHeader('Location', `/log-in${to}`);
      response.end();
      return;
    }
    response.statusCode = status;
    // Who is logged in sees why the page is not there, in its frame, and gets it as soon as it can be had.
    if (status === 503 && request.session !== undefined && request.session.via !== 'nobody') {
      void this.unavailable({ request, response });
      return;
    }
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(errorPage(this.assets.path, wordsIn(languageOf(request)), status).text);
  }

  private async unavailable(http: HttpContext): Promise<void> {
    const text = await this.pages.show(http, unavailablePage);
    http.response.setHeader('Content-Type', 'text/html; charset=utf-8');
    http.response.end(text);
  }
}

/** Not a script of the page, which would take the log-in page for what it asked for. */
function wantsPage(request: DashboardRequest): boolean {
  return request.headers['x-live'] === undefined && !request.originalUrl.startsWith('/live');
}
