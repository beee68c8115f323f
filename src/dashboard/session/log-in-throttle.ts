import { Injectable } from '@nestjs/common';
import { accountsOf, LOG_INS_IN_PERIOD } from '../../http/log-in-accounts.js';
import { type Account, type Attempt, LogInAttempts } from '../../http/log-in-attempts.js';
import { type Sender, senderOf, trustOf } from '../../http/sender.js';
import { Access } from './access.js';
import { DashboardLog } from './dashboard-log.js';
import { KnownBrowser } from './known-browser.js';

import { type DashboardRequest } from './dashboard-request.js';

const SAY_EVERY_MS = 60_000;

/** Bounds how often passwords may be tried. */
@Injectable()
export class LogInThrottle {
  private readonly attempts = new LogInAttempts();
  private readonly browsers: KnownBrowser;
  private readonly saidAt = new Map<string, number>();

  constructor(
    access: Access,
    private readonly log: DashboardLog,
  ) {
    this.browsers = new KnownBrowser(access.signed);
  }

  /** Counts an attempt to log in, before its password is looked at. */
  take(request: DashboardRequest): Attempt {
    const sender = this.sender(request);
    const browser = this.browsers.read(request);
    const attempt = this.attempts.take(browser === null ? accountsOf(sender) : [ofBrowser(browser)]);
    if (!attempt.allowed && this.isNews('held up')) {
      const seconds = Math.ceil(attempt.waitMs / 1000);
      this.log.warn({ event: 'dashboard.log_in_held_up', from: sender.address, seconds });
    }
    return attempt;
  }

  /** Where the request came from. Logs when that was a proxy that is not declared. */
  sender(request: DashboardRequest): Sender {
    const sender = senderOf(request, trustOf(request));
    if (sender.undeclaredProxy && this.isNews('undeclared proxy')) {
      this.log.warn({
        event: 'dashboard.undeclared_proxy',
        from: sender.address,
        advice: 'if that is your proxy, name it in HTTP_TRUSTED_PROXIES',
      });
    }
    return sender;
  }

  /** `Set-Cookie` that lets a browser be known when it comes again: others cannot use up its attempts. */
  remember(request: DashboardRequest): string {
    return this.browsers.remember(request);
  }

  /** `Set-Cookie` of a browser that is not to be known any more. */
  forget(request: DashboardRequest): string {
    return this.browsers.forget(request);
  }

  private isNews(what: string): boolean {
    const now = performance.now();
    const news = now - (this.saidAt.get(what) ?? Number.NEGATIVE_INFINITY) >= SAY_EVERY_MS;
    if (news) this.saidAt.set(what, now);
    return news;
  }
}

function ofBrowser(id: string): Account {
  return { key: `browser ${id}`, limit: LOG_INS_IN_PERIOD };
}
