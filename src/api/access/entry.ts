import { type ServerResponse } from 'node:http';
import { Injectable, type NestMiddleware } from '@nestjs/common';
import bodyParser from 'body-parser';
import { AuditLog } from '../../audit/audit-log.js';
import { accountsOf } from '../../http/log-in-accounts.js';
import { LogInAttempts } from '../../http/log-in-attempts.js';
import { NO_SNIFFING } from '../../http/no-sniffing.js';
import { senderOf, trustOf } from '../../http/sender.js';
import { ApiLog } from '../http/api-log.js';
import { Problem } from '../http/problem.js';
import { sendProblem } from '../http/problem.filter.js';
import { type ApiRequest } from './api-request.js';
import { RequestRate } from './request-rate.js';
import { BearerTokens } from './bearer-tokens.js';

/** Counts answers; see Metrics. */
export abstract class ApiRequests {
  abstract apiRequest(route: string, method: string, status: number): void;
}

type Next = () => void;

/** A thousand event ids have some 60 KB. */
const MAX_BODY_BYTES = 128 * 1024;
const SAY_EVERY_MS = 60_000;

const readJson = bodyParser.json({ limit: MAX_BODY_BYTES, inflate: false, strict: true }) as unknown as (
  request: ApiRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** Middleware: who comes in, and how often; only what has a token is read at all. */
@Injectable()
export class ApiEntry implements NestMiddleware {
  private readonly attempts = new LogInAttempts();
  private saidAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly tokens: BearerTokens,
    private readonly rate: RequestRate,
    private readonly requests: ApiRequests,
    private readonly audit: AuditLog,
    private readonly log: ApiLog,
  ) {}

  use(request: ApiRequest, response: ServerResponse, next: Next): void {
    response.setHeader(...NO_SNIFFING);
    response.setHeader('Cache-Control', 'no-store');
    response.once('finish', () => {
      this.requests.apiRequest(routeOf(request), request.method ?? '', response.statusCode);
    });
    const token = this.tokens.of(request.headers.authorization);
    if (token === null) {
      this.refuse(request, response);
      return;
    }
    const waitMs = this.rate.take(token.name);
    if (waitMs > 0) {
      tooMany(
        response,
        waitMs,
        `the token ${token.name} has made as many requests as API_RATE_PER_MINUTE allows`,
      );
      return;
    }
    request.token = token;
    this.readBody(request, response, next);
  }

  /** Whoever has a token is never held up by those who guess at the same address. */
  private refuse(request: ApiRequest, response: ServerResponse): void {
    const sender = senderOf(request, trustOf(request));
    const attempt = this.attempts.take(accountsOf(sender));
    if (!attempt.allowed) {
      tooMany(response, attempt.waitMs, 'too many requests without a token that is known');
      return;
    }
    const now = performance.now();
    if (now - this.saidAt >= SAY_EVERY_MS) {
      this.saidAt = now;
      this.log.warn({
        event: 'api.refused',
        from: sender.exactAddress,
        path: request.originalUrl.split('?', 1)[0],
      });
    }
    if (request.headers.authorization !== undefined) {
      const actor = { kind: 'api', name: null, address: sender.exactAddress } as const;
      void this.audit.recordOften({ actor, action: 'log_in_refused', target: 'API' });
    }
    response.setHeader('WWW-Authenticate', 'Bearer realm="bitrix24-bridge"');
    const given = request.headers.authorization !== undefined;
    sendProblem(
      response,
      new Problem('unauthorized', given ? 'that token is not known' : 'send Authorization: Bearer <secret>'),
    );
  }

  private readBody(request: ApiRequest, response: ServerResponse, next: Next): void {
    const hasBody =
      request.headers['transfer-encoding'] !== undefined ||
      Number(request.headers['content-length'] ?? 0) > 0;
    if (hasBody && !/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      sendProblem(response, new Problem('unsupported-media-type', 'send Content-Type: application/json'));
      return;
    }
    readJson(request, response, (error) => {
      const problem = error === undefined || error === null ? null : bodyProblem(error);
      if (problem === null) next();
      else sendProblem(response, problem);
    });
  }
}

function tooMany(response: ServerResponse, waitMs: number, detail: string): void {
  response.setHeader('Retry-After', String(Math.max(1, Math.ceil(waitMs / 1000))));
  sendProblem(response, new Problem('too-many-requests', detail));
}

function bodyProblem(error: unknown): Problem {
  const status = error instanceof Error && 'status' in error ? error.status : 400;
  if (status === 413) return new Problem('body-too-large', `at most ${MAX_BODY_BYTES} bytes are read`);
  if (status === 415) return new Problem('unsupported-media-type', 'send JSON in UTF-8, not compressed');
  return new Problem('unreadable-body', 'the body is no JSON object');
}

/** The pattern of a route, so that the figures of it stay few; `other` for what is none. */
function routeOf({ route }: ApiRequest): string {
  const path = typeof route?.path === 'string' ? route.path : '';
  return path.startsWith('/api/') && !path.includes('*') ? path.replace(/:(\w+)/g, '{$1}') : 'other';
}
