import { type ServerResponse } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { BadCursor } from '../../http/cursor.js';
import { reasonOf } from '../../logging/reason.js';
import { SeveralPortals } from '../../portals/find-portal.js';
import { PortalUninstalled } from '../../portals/pauses.js';
import { type ApiRequest } from '../access/api-request.js';
import { ApiLog } from './api-log.js';
import { Problem } from './problem.js';

/** Answers errors as `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: ApiLog) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const response = http.getResponse<ServerResponse>();
    if (response.headersSent) {
      response.end();
      return;
    }
    sendProblem(response, this.problemOf(error, http.getRequest<ApiRequest>()));
  }

  private problemOf(error: unknown, request: ApiRequest): Problem {
    if (error instanceof Problem) return error;
    if (error instanceof BadCursor)
      return new Problem('invalid-cursor', 'take `next` of the page before as it is');
    if (error instanceof SeveralPortals) return new Problem('conflict', error.message);
    if (error instanceof PortalUninstalled) return new Problem('conflict', error.message);
    if (error instanceof HttpException && error.getStatus() === 404)
      return new Problem('not-found', 'no such path');
    if (error instanceof HttpException && error.getStatus() < 500)
      return new Problem('invalid-request', error.message);
    const path = request.originalUrl.split('?', 1)[0];
    this.log.warn({ event: 'api.failed', path, method: request.method, reason: reasonOf(error) });
    return new Problem(
      'unavailable',
      'the service could not do it, most likely because the database or the broker does not answer; whether it was begun is told by asking again',
    );
  }
}

/** Writes a problem as the answer. */
export function sendProblem(response: ServerResponse, problem: Problem): void {
  response.statusCode = problem.getStatus();
  response.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
  response.end(JSON.stringify(problem.body));
}
