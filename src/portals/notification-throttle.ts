import { type IncomingMessage } from 'node:http';
import {
  type CanActivate,
  type ExecutionContext,
  HttpException,
  HttpStatus,
  Inject,
  Injectable,
} from '@nestjs/common';
import { senderOf, trustOf } from '../http/sender.js';
import { Allowances } from './allowances.js';
import { Notification } from './notification.js';
import { PortalReception } from './reception.js';
import { accountsOf, type SenderAccounts } from './sender-accounts.js';

const PERIOD_MS = 60_000;
/** Requests that prove nothing by themselves, from one address in one period. */
const UNPROVEN_IN_PERIOD = 60;

/** What is read of a request beside its body. */
export type NotificationRequest = IncomingMessage & {
  readonly app: { get(name: string): unknown };
  readonly body?: unknown;
};

/**
 * Bounds what one address (of IPv6 a /64) may ask without showing a portal's application token: 429 beyond it. Portals
 * that are known are never held up by it, whatever else comes from their address. Installations have bounds of their
 * own, where they are judged.
 */
@Injectable()
export class NotificationThrottle implements CanActivate {
  private readonly unproven = new Allowances(UNPROVEN_IN_PERIOD, PERIOD_MS);

  constructor(@Inject(PortalReception) private readonly reception: PortalReception) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<NotificationRequest>();
    const { body } = request;
    if (body instanceof Notification && (body.installs || this.reception.recognises(body))) return true;
    const { address, host } = accountsOfRequest(request);
    if (this.unproven.take(host)) return true;
    this.reception.throttled(address);
    throw new HttpException('Too Many Requests', HttpStatus.TOO_MANY_REQUESTS);
  }
}

/** The sender for which a request is counted. */
export function accountsOfRequest(request: NotificationRequest): SenderAccounts {
  return accountsOf(senderOf(request, trustOf(request)));
}
