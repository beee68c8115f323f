import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerStorageService } from '@nestjs/throttler';
import { LOG_INS_IN_PERIOD } from './access.js';

const PERIOD_MS = 5 * 60_000;

/** Bounds how often one address may try a password: 429 beyond it, for a while. */
@Injectable()
export class LogInThrottle extends ThrottlerGuard {
  constructor(
    @Inject(ThrottlerStorageService) storage: ThrottlerStorageService,
    @Inject(Reflector) reflector: Reflector,
  ) {
    super([{ ttl: PERIOD_MS, limit: LOG_INS_IN_PERIOD, setHeaders: true }], storage, reflector);
  }

  protected override generateKey(_context: ExecutionContext, address: string): string {
    return `log-in ${address}`;
  }
}
