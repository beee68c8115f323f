import { PortalError } from '../bitrix24/errors.js';
import { type Log } from '../logging/log.js';
import { type Portal } from '../portals/portal-record.js';
import { Periodic } from './periodic.js';
import { reasonOf } from '../logging/reason.js';

const EVERY_MS = 60_000;
/** A refresh token lives 180 days; a portal that was not called for this long is renewed in good time. */
const IDLE_MS = 30 * 86_400_000;
/** Spreads the renewals of a whole fleet: the authorization server blocks callers that come all at once. */
const AT_ONCE = 5;
/** A renewal that failed is tried again much later: there are months left. */
const AGAIN_MS = 6 * 3_600_000;

/** There are no tokens of such a portal, or none that may be used. */
const NEVER: ReadonlySet<Portal['state']> = new Set(['unauthorized', 'not_allowed', 'uninstalled']);

/** What the renewal needs. */
interface RenewalDependencies {
  portals(): readonly Portal[];
  /** Renews one portal's tokens, also where another request renews them at the moment. @throws {PortalError} */
  renew(memberId: string): Promise<void>;
  /** The authorization is gone. */
  unauthorized(memberId: string, reason: string): Promise<void>;
  readonly log: Log;
  readonly now?: () => number;
}

/**
 * Renews the tokens of portals that are not called any more, long before they expire. Portals that are called renew
 * theirs when the portal says that they have expired, and are never met here.
 */
export function tokenRenewal(around: RenewalDependencies): Periodic {
  const renewer = new TokenRenewal(around);
  return new Periodic('token_renewal', EVERY_MS, () => renewer.runOnce(), around.log);
}

export class TokenRenewal {
  private readonly notBefore = new Map<string, number>();
  private readonly now: () => number;

  constructor(private readonly around: RenewalDependencies) {
    this.now = around.now ?? Date.now;
  }

  /** Renews a few of the idlest; what one portal's renewal comes to is no matter for the others. */
  async runOnce(): Promise<void> {
    const now = this.now();
    const idle = this.around
      .portals()
      .filter(({ memberId, state, tokenRenewedAt }) => {
        if (NEVER.has(state)) return false;
        return now - tokenRenewedAt >= IDLE_MS && (this.notBefore.get(memberId) ?? 0) <= now;
      })
      .sort((a, b) => a.tokenRenewedAt - b.tokenRenewedAt)
      .slice(0, AT_ONCE);
    for (const portal of idle) await this.renew(portal);
  }

  private async renew({ memberId, name, tokenRenewedAt }: Portal): Promise<void> {
    const { around } = this;
    this.notBefore.set(memberId, this.now() + AGAIN_MS);
    const idleDays = Math.floor((this.now() - tokenRenewedAt) / 86_400_000);
    try {
      await around.renew(memberId);
      this.notBefore.delete(memberId);
      const server =
        around.portals().find((portal) => portal.memberId === memberId)?.authorizationServer ?? null;
      around.log.info({ event: 'tokens.renewed', portal: name, idleDays, server });
    } catch (error) {
      const reason = reasonOf(error);
      around.log.warn({ event: 'tokens.not_renewed', portal: name, idleDays, reason });
      if (error instanceof PortalError && error.action === 'unauthorized') {
        await around.unauthorized(memberId, reason);
      }
    }
  }
}
