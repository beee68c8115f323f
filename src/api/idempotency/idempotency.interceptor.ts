import { createHash } from 'node:crypto';
import { type ServerResponse } from 'node:http';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { lastValueFrom, from, type Observable } from 'rxjs';
import { IdempotencyKeys } from '../../database/idempotency-keys.js';
import { writeAnyJson } from '../../json/exact-json.js';
import { reasonOf } from '../../logging/reason.js';
import { type ApiRequest, tokenOf } from '../access/api-request.js';
import { ApiLog } from '../http/api-log.js';
import { Problem } from '../http/problem.js';

/** Printable, so that it can be written into a log. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * Writes answers as JSON, and does what has an `Idempotency-Key` once: who sends the same again gets the same answer,
 * with `Idempotency-Replayed: true`. A request that failed may be sent again with its key.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly keys: IdempotencyKeys,
    private readonly log: ApiLog,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<string> {
    const http = context.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    const response = http.getResponse<ServerResponse>();
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    const handle = async () => writeAnyJson(await lastValueFrom(next.handle()));
    const key = request.headers['idempotency-key'];
    if (request.method !== 'POST' || key === undefined) return from(handle());
    return from(this.once(request, response, String(key), handle));
  }

  private async once(
    request: ApiRequest,
    response: ServerResponse,
    key: string,
    handle: () => Promise<string>,
  ): Promise<string> {
    if (!KEY.test(key))
      throw new Problem(
        'invalid-idempotency-key',
        'it has to be 1 to 255 printable characters without spaces',
      );
    const id = digest(tokenOf(request).name, key);
    const known = await this.keys.claim(id, digest(request.originalUrl, writeAnyJson(request.body ?? null)));
    switch (known.state) {
      case 'other request':
        throw new Problem('idempotency-key-reused', 'use a new key for each request');
      case 'in progress':
        throw new Problem('idempotency-in-progress', 'ask again in a moment with the same key');
      case 'answered':
        response.statusCode = known.status;
        response.setHeader('Idempotency-Replayed', 'true');
        return known.answer;
      case 'new':
        return this.first(id, response, handle);
    }
  }

  private async first(id: string, response: ServerResponse, handle: () => Promise<string>): Promise<string> {
    let answer: string;
    try {
      answer = await handle();
    } catch (error) {
      await this.keys.failed(id).catch((reason: unknown) => this.lost(reason));
      throw error;
    }
    // It is done: that its answer cannot be kept does not make it undone. All that is asked here may be done twice.
    await this.keys.answered(id, response.statusCode, answer).catch((reason: unknown) => this.lost(reason));
    return answer;
  }

  private lost(error: unknown): void {
    this.log.warn({ event: 'api.idempotency_key_lost', reason: reasonOf(error) });
  }
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
