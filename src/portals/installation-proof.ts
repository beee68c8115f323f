import { createHash } from 'node:crypto';
import { type Belonging } from '../bitrix24/authorization-servers.js';
import { type PortalAction, PortalError } from '../bitrix24/errors.js';
import { type TokenGrant, type OAuthClient } from '../bitrix24/oauth-client.js';
import { Allowance } from './allowances.js';
import { FairQueue } from './fair-queue.js';

/** The authorization server does not know the token: its sender did not install this application. */
export class InstallationRefuted extends Error {}

/** Nothing was proven, and nothing refuted: ask again later. */
export class ProofUnavailable extends Error {}

/** Too many from the same place wait already: it was not judged. */
export class ProofsCrowded extends ProofUnavailable {}

/** Where a request for a proof comes from, by which turns are given. */
interface Claimant {
  /** Where it comes from, from the network to the account. */
  readonly path: readonly string[];
  /** The portal that it claims to be; null where it claims none. */
  readonly memberId: string | null;
  /** It brought the application token of that portal, which is installed. */
  readonly recognised: boolean;
}

interface ProofLimits {
  /** Requests to the authorization server at once. */
  readonly inFlight: number;
  /** Of these for one claimed portal. */
  readonly inFlightOfMember?: number;
  /** Installations that wait for their turn; those beyond are sent away. */
  readonly waiting: number;
  /** Of these from one network, a network within it, an address, an account. */
  readonly waitingBelow?: readonly number[];
  /** Refuted tokens that are remembered. */
  readonly refuted: number;
  /** Proofs that come to nothing: so many at once, and so many more a second. Those that succeed do not count. */
  readonly futile?: { readonly atOnce: number; readonly perSecond: number };
}

const LIMITS: ProofLimits = {
  inFlight: 4,
  inFlightOfMember: 2,
  waiting: 1000,
  waitingBelow: [20, 20, 10, 10],
  refuted: 1024,
  futile: { atOnce: 60, perSecond: 5 },
};
const CLEAR_REFUSALS: ReadonlySet<PortalAction> = new Set([
  'unauthorized',
  'configuration',
  'suspend',
  'bug',
]);
const UNKNOWN_CLAIMANT: Claimant = { path: [], memberId: null, recognised: false };

/**
 * Proves installations: a refresh token that a configured authorization server exchanges for this application's
 * id and secret was issued to this application, and what the server says of the portal is true. Any client may ask for a
 * proof, so one costs at most one request to each server, few run at a time, and what was refuted is not asked again.
 * Those that wait take turns by where they come from, and portals that are known have a room of their own.
 */
export class InstallationProof {
  /** A token is good for one exchange, so two requests that bring the same one share it. */
  private readonly underWay = new Map<string, Promise<TokenGrant>>();
  private readonly refuted = new Set<string>();
  private readonly recognised: ProofRoom;
  private readonly others: ProofRoom;

  constructor(
    private readonly oauth: Pick<OAuthClient, 'refresh'>,
    private readonly limits: ProofLimits = LIMITS,
  ) {
    this.recognised = new ProofRoom(limits);
    this.others = new ProofRoom(limits);
  }

  /**
   * @param of what the body tells of the portal: it chooses among the configured servers, and nothing else
   * @param before is awaited when its turn has come, before the token is spent; what it throws is thrown
   * @throws {InstallationRefuted}
   * @throws {ProofsCrowded} when too many proofs wait
   * @throws {ProofUnavailable} when the server gave no answer. Its one answer may be lost with the token: then only a
   *   new installation helps.
   */
  async prove(
    refreshToken: string,
    of: Belonging = {},
    claimant: Claimant = UNKNOWN_CLAIMANT,
    before?: () => Promise<void>,
  ): Promise<TokenGrant> {
    // Of a genuine token, another server's refusal says nothing.
    const asked = `${refreshToken}\n${of.told ?? ''}`;
    const key = createHash('sha256').update(asked).digest('base64');
    const shared = this.underWay.get(key);
    if (shared !== undefined) return shared;
    if (this.refuted.has(key)) throw new InstallationRefuted('the token was refused before');
    const { recognised, memberId } = claimant;
    const room = recognised ? this.recognised : this.others;
    const path = recognised && memberId !== null ? [memberId] : claimant.path;
    const proof = room
      .run(path, memberId, async () => {
        await before?.();
        return this.exchange(refreshToken, of, key);
      })
      .finally(() => this.underWay.delete(key));
    this.underWay.set(key, proof);
    return proof;
  }

  private async exchange(refreshToken: string, of: Belonging, key: string): Promise<TokenGrant> {
    try {
      return await this.oauth.refresh(refreshToken, of);
    } catch (error) {
      if (!(error instanceof PortalError)) throw error;
      if (error.action === 'unauthorized') this.remember(key);
      // Whatever it says, of an unpaid portal or of our keys, is a clear no; no answer, or a redirect, is none.
      if (error.executed === 'no' && CLEAR_REFUSALS.has(error.action)) {
        throw new InstallationRefuted(error.message);
      }
      throw new ProofUnavailable(error.message);
    }
  }

  private remember(key: string): void {
    this.refuted.add(key);
    const [oldest] = this.refuted;
    if (this.refuted.size > this.limits.refuted && oldest !== undefined) this.refuted.delete(oldest);
  }
}

interface Waiting {
  readonly memberId: string | null;
  readonly go: () => void;
  readonly leave: () => void;
}

/** Where proofs wait: few run at once, and of those that come to nothing few in a time. */
class ProofRoom {
  private readonly queue: FairQueue<Waiting>;
  private readonly futile: Allowance;
  private readonly runningOf = new Map<string, number>();
  private running = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly limits: ProofLimits) {
    this.queue = new FairQueue([limits.waiting, ...(limits.waitingBelow ?? [])]);
    this.futile = new Allowance(limits.futile ?? { atOnce: Infinity, perSecond: 0 });
  }

  /** @throws {ProofsCrowded} and what `work` throws */
  run<T>(path: readonly string[], memberId: string | null, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const go = () => {
        this.begin(memberId);
        work()
          .then(
            (value) => {
              this.futile.giveBack();
              resolve(value);
            },
            (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))),
          )
          .finally(() => this.end(memberId));
      };
      const leave = () => reject(new ProofsCrowded('too many installations at once'));
      this.queue.push(path, { memberId, go, leave })?.leave();
      this.pump();
    });
  }

  private pump(): void {
    const { inFlight, inFlightOfMember = inFlight } = this.limits;
    while (this.running < inFlight && this.queue.size > 0) {
      const waitMs = this.futile.readyInMs();
      if (waitMs > 0) {
        this.later(waitMs);
        return;
      }
      const next = this.queue.next(
        ({ memberId }) => memberId === null || (this.runningOf.get(memberId) ?? 0) < inFlightOfMember,
      );
      if (next === undefined) return;
      next.go();
    }
  }

  private later(ms: number): void {
    if (this.timer !== null) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.pump();
    }, ms);
    this.timer.unref();
  }

  private begin(memberId: string | null): void {
    this.running += 1;
    this.futile.take();
    if (memberId !== null) this.runningOf.set(memberId, (this.runningOf.get(memberId) ?? 0) + 1);
  }

  private end(memberId: string | null): void {
    this.running -= 1;
    if (memberId !== null) {
      const left = (this.runningOf.get(memberId) ?? 1) - 1;
      if (left > 0) this.runningOf.set(memberId, left);
      else this.runningOf.delete(memberId);
    }
    this.pump();
  }
}
