import { PortalError } from '../bitrix24/errors.js';
import { type Log } from '../log.js';
import { type Portal } from '../portals/registry.js';
import { Periodic } from './periodic.js';

const EVERY_MS = 60_000;
/** A refresh token lives 180 days; a portal that nobody has called for this long is renewed in good time. */
export const IDLE_MS = 30 * 86_400_000;
/** Spreads the renewals of a whole fleet: the authorization server blocks callers that come in crowds. */
const AT_ONCE = 5;
/** A renewal that failed is tried again much later: there are months left. */
const AGAIN_MS = 6 * 3_600_000;

/** What the renewal needs. */
export interface RenewalSurroundings {
  portals(): readonly Portal[];
  /** Renews one portal's tokens, by whoever else does so at the moment. @throws {PortalError} */
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
export function tokenRenewal(around: RenewalSurroundings): Periodic {
  const renewer = new TokenRenewal(around);
  return new Periodic('token_renewal', EVERY_MS, () => renewer.runOnce(), around.log);
}

export class TokenRenewal {
  private readonly notBefore = new Map<string, number>();
  private readonly now: () => number;

  constructor(private readonly around: RenewalSurroundings) {
    this.now = around.now ?? Date.now;
  }

  /** Renews a few of the idlest; what one portal's renewal comes to is no matter for the others. */
  async runOnce(): Promise<void> {
    const now = this.now();
    const idle = this.around
      .portals()
      .filter(({ memberId, state, tokenRenewedAt }) => {
        if (state === 'unauthorized' || state === 'uninstalled') return false;
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
      around.log.info({ event: 'tokens.renewed', portal: name, idleDays });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      around.log.warn({ event: 'tokens.not_renewed', portal: name, idleDays, reason });
      if (error instanceof PortalError && error.action === 'unauthorized') {
        await around.unauthorized(memberId, reason);
      }
    }
  }
}
