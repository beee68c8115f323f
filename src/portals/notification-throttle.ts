import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerGuard, type ThrottlerLimitDetail, ThrottlerStorageService } from '@nestjs/throttler';
import { Notification } from './notification.js';
import { PortalReception } from './reception.js';

const PERIOD_MS = 60_000;
/** Requests that prove nothing by themselves, from one address in one period. */
const UNPROVEN_IN_PERIOD = 60;

/**
 * Bounds what one address may ask without showing a portal's application token: 429 beyond it. Portals that are
 * known are never held up by it, whoever else writes from their address.
 */
@Injectable()
export class NotificationThrottle extends ThrottlerGuard {
  constructor(
    @Inject(PortalReception) private readonly reception: PortalReception,
    @Inject(ThrottlerStorageService) storage: ThrottlerStorageService,
    @Inject(Reflector) reflector: Reflector,
  ) {
    super([{ ttl: PERIOD_MS, limit: UNPROVEN_IN_PERIOD, setHeaders: false }], storage, reflector);
  }

  protected override shouldSkip(context: ExecutionContext): Promise<boolean> {
    const { body } = context.switchToHttp().getRequest<{ body?: unknown }>();
    return Promise.resolve(body instanceof Notification && this.reception.recognises(body));
  }

  protected override throwThrottlingException(
    context: ExecutionContext,
    detail: ThrottlerLimitDetail,
  ): Promise<void> {
    this.reception.throttled(detail.tracker);
    return super.throwThrottlingException(context, detail);
  }

  /**
   * One account for all routes, and one for installations: a cloud's portals share a few addresses, and one of them
   * whose announcements prove nothing must not keep the others from installing.
   */
  protected override generateKey(context: ExecutionContext, address: string): string {
    const { body } = context.switchToHttp().getRequest<{ body?: unknown }>();
    return `${body instanceof Notification && body.installs ? 'install' : 'other'} ${address}`;
  }
}
