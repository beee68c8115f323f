import { type ServerResponse } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import { Assets } from './assets.js';
import { DashboardLog } from './dashboard-log.js';
import { type DashboardRequest } from './request.js';
import { errorPage } from './views/error-page.js';

/** Turns what goes wrong into a page; whoever is not logged in is sent to do so. */
@Catch()
export class Failures implements ExceptionFilter {
  constructor(
    @Inject(Assets) private readonly assets: Assets,
    @Inject(DashboardLog) private readonly log: DashboardLog,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<DashboardRequest>();
    const response = http.getResponse<ServerResponse>();
    const status = error instanceof HttpException ? error.getStatus() : 503;
    if (!(error instanceof HttpException)) {
      const reason = error instanceof Error ? error.message : String(error);
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
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(errorPage(this.assets.path, status).text);
  }
}

/** Not a script of the page, which would take the log-in page for what it asked for. */
function wantsPage(request: DashboardRequest): boolean {
  return request.headers['x-live'] === undefined && !request.originalUrl.startsWith('/live');
}
