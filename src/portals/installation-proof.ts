import { createHash } from 'node:crypto';
import { type PortalAction, PortalError } from '../bitrix24/errors.js';
import { type Grant, type OAuthClient } from '../bitrix24/oauth-client.js';

/** The authorization server does not know the token: whoever sent it did not install this application. */
export class InstallationRefuted extends Error {}

/** Nothing was proven, and nothing refuted: ask again later. */
export class ProofUnavailable extends Error {}

export interface ProofLimits {
  /** Requests to the authorization server at once. */
  readonly inFlight: number;
  /** Installations that wait for their turn; those beyond are sent away. */
  readonly waiting: number;
  /** Refuted tokens that are remembered. */
  readonly refuted: number;
}

const LIMITS: ProofLimits = { inFlight: 4, waiting: 200, refuted: 1024 };
const CLEAR_REFUSALS: ReadonlySet<PortalAction> = new Set([
  'unauthorized',
  'configuration',
  'suspend',
  'bug',
]);

/**
 * Proves installations: a refresh token that the configured authorization server exchanges for this application's
 * id and secret was issued to this application, and what the server says of the portal is true. Anyone may ask for a
 * proof, so one costs at most one request, few run at a time, and what was refuted is not asked again.
 */
export class InstallationProof {
  private running = 0;
  private readonly queue: (() => void)[] = [];
  /** A token is good for one exchange, so two requests that bring the same one share it. */
  private readonly underWay = new Map<string, Promise<Grant>>();
  private readonly refuted = new Set<string>();

  constructor(
    private readonly oauth: Pick<OAuthClient, 'refresh'>,
    private readonly limits: ProofLimits = LIMITS,
  ) {}

  /**
   * @throws {InstallationRefuted}
   * @throws {ProofUnavailable} when too many proofs wait, or the server gave no answer. Its one answer may be lost
   *   with the token: then only a new installation helps.
   */
  async prove(refreshToken: string): Promise<Grant> {
    const key = createHash('sha256').update(refreshToken).digest('base64');
    const shared = this.underWay.get(key);
    if (shared !== undefined) return shared;
    if (this.refuted.has(key)) throw new InstallationRefuted('the token was refused before');
    if (this.running >= this.limits.inFlight && this.queue.length >= this.limits.waiting) {
      throw new ProofUnavailable('too many installations at once');
    }
    const proof = this.exchange(refreshToken, key).finally(() => this.underWay.delete(key));
    this.underWay.set(key, proof);
    return proof;
  }

  private async exchange(refreshToken: string, key: string): Promise<Grant> {
    await this.turn();
    try {
      return await this.oauth.refresh(refreshToken);
    } catch (error) {
      if (!(error instanceof PortalError)) throw error;
      if (error.action === 'unauthorized') this.remember(key);
      // Whatever it says, of an unpaid portal or of our keys, is a clear no; no answer, or a redirect, is none.
      if (error.executed === 'no' && CLEAR_REFUSALS.has(error.action)) {
        throw new InstallationRefuted(error.message);
      }
      throw new ProofUnavailable(error.message);
    } finally {
      const next = this.queue.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }

  /** Resolves when one of the few requests may be made; who waited takes over from the one that has ended. */
  private async turn(): Promise<void> {
    if (this.running < this.limits.inFlight) this.running += 1;
    else await new Promise<void>((resolve) => this.queue.push(resolve));
  }

  private remember(key: string): void {
    this.refuted.add(key);
    const [oldest] = this.refuted;
    if (this.refuted.size > this.limits.refuted && oldest !== undefined) this.refuted.delete(oldest);
  }
}
