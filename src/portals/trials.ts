import { type OAuthClient } from '../bitrix24/oauth-client.js';
import { PortalError } from '../bitrix24/errors.js';
import { type PortalClient } from '../bitrix24/portal-client.js';
import { administratorQuestion } from '../bitrix24/portal-facts.js';
import { TokenRefresher, type TokenStore } from '../bitrix24/token-refresher.js';
import { type TokenSource } from '../bitrix24/token-source.js';
import { type AllowedPortals } from './allowed-portals.js';
import { type Offer, type Offers } from './offers.js';
import { reasonOf } from '../logging/reason.js';

/** What a portal says of tokens. */
type Verdict =
  /** They may do what draining the portal needs. */
  | { readonly may: 'yes' }
  /** They may not, or are good for nothing there. */
  | { readonly may: 'no'; readonly reason: string }
  /** It did not say: no answer, no time, or it refuses all calls at present. */
  | { readonly may: 'unknown'; readonly reason: string };

interface TrialsDependencies {
  readonly offers: Offers;
  readonly allowed: Pick<AllowedPortals, 'assert'>;
  readonly oauth: Pick<OAuthClient, 'refresh'>;
  /** A client with a budget of its own; it knows no source key. */
  readonly clientFor: (tokens: TokenSource) => Pick<PortalClient, 'call'>;
  /** A client with the tokens that an installed portal has. */
  readonly presentClient: (memberId: string) => Pick<PortalClient, 'call'>;
  readonly now?: () => number;
}

/** A trial under way is left alone by others for longer than it can last: a request, a renewal, the request again. */
export const TRIAL_RESERVED_MS = 90_000;
/** A portal may let each of them wait to its end. */
const AT_ONCE_OF_PORTAL = 2;
const AT_ONCE = 40;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** Of a portal that says nothing for so long, what was offered is given up. */
const GIVEN_UP_AFTER_MS = 30 * 86_400_000;
/** An application may be opened by a whole company at nine o'clock: what the portal said counts for all of these. */
const PRESENT_KNOWN_FOR_MS = 10_000;
const PRESENT_PATIENCE_MS = 5_000;

/** What portals say of a token whose user may not do what was asked; a portal that refuses all calls has other errors. */
const REFUSALS: ReadonlySet<string> = new Set([
  'ACCESS_DENIED',
  'INVALID_CREDENTIALS',
  'INSUFFICIENT_SCOPE',
  'USER_ACCESS_ERROR',
  'WRONG_AUTH_TYPE',
]);

/** Tries tokens on their portal, by a call that changes nothing and needs the right that draining the portal needs. */
export class Trials {
  /** A pair that is granted and could not be stored is in its refresher alone. */
  private readonly refreshers = new Map<string, TokenRefresher>();
  private readonly present = new Map<string, { readonly until: number; readonly works: Promise<boolean> }>();
  private readonly running = new Map<string, number>();
  private underWay = 0;
  private readonly now: () => number;

  constructor(private readonly deps: TrialsDependencies) {
    this.now = deps.now ?? Date.now;
  }

  /** Tries what was offered; it stays stored, whatever comes out. */
  async of(offer: Offer): Promise<Verdict> {
    const { id, grant } = offer;
    let refresher = this.refreshers.get(id);
    if (refresher === undefined) {
      refresher = new TokenRefresher(grant.memberId, this.storeOf(offer), this.deps.oauth);
      this.refreshers.set(id, refresher);
    }
    const { memberId } = grant;
    const running = this.running.get(memberId) ?? 0;
    if (running >= AT_ONCE_OF_PORTAL || this.underWay >= AT_ONCE) {
      return { may: 'unknown', reason: 'other trials are under way' };
    }
    this.underWay += 1;
    this.running.set(memberId, running + 1);
    const verdict = await ask(this.deps.clientFor(refresher)).finally(() => this.ended(memberId));
    // One that is unknown may be so because what was granted is not stored.
    if (verdict.may !== 'unknown') this.refreshers.delete(id);
    return verdict;
  }

  /** It is over: these tokens are not tried again. */
  end(offer: Offer): void {
    this.refreshers.delete(offer.id);
  }

  /** Whether the tokens with which a portal is drained do work, as it said within the last seconds. */
  presentWork(memberId: string): Promise<boolean> {
    const known = this.present.get(memberId);
    if (known !== undefined && performance.now() < known.until) return known.works;
    const client = this.deps.presentClient(memberId);
    const works = ask(client, PRESENT_PATIENCE_MS).then(({ may }) => may === 'yes');
    this.present.set(memberId, { until: performance.now() + PRESENT_KNOWN_FOR_MS, works });
    return works;
  }

  /** The portal has other tokens from now on, or none. */
  presentChanged(memberId: string): void {
    this.present.delete(memberId);
  }

  /** How long to wait after one more trial without an outcome, ms; null where it is time to give up. */
  pauseAfter({ offeredAt, tries }: Offer): number | null {
    if (this.now() - offeredAt >= GIVEN_UP_AFTER_MS) return null;
    return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(tries, 20), LONGEST_PAUSE_MS);
  }

  private ended(memberId: string): void {
    this.underWay -= 1;
    const left = (this.running.get(memberId) ?? 1) - 1;
    if (left > 0) this.running.set(memberId, left);
    else this.running.delete(memberId);
  }

  private storeOf({ id, grant: { memberId } }: Offer): TokenStore {
    const { offers, allowed } = this.deps;
    return {
      load: async () => {
        const offer = await offers.current(id);
        if (offer === undefined) throw new Error(`an offer for portal ${memberId} is gone`);
        const { accessToken, refreshToken, clientEndpoint, authorizationServer = null } = offer.grant;
        return { accessToken, refreshToken, clientEndpoint, authorizationServer };
      },
      save: (grant) => offers.renewed({ id }, grant),
      assertAllowed: (clientEndpoint) => allowed.assert(memberId, clientEndpoint),
    };
  }
}

async function ask(client: Pick<PortalClient, 'call'>, patienceMs?: number): Promise<Verdict> {
  const { method, params } = administratorQuestion();
  try {
    await client.call(
      method,
      params,
      patienceMs === undefined ? {} : { cut: AbortSignal.timeout(patienceMs) },
    );
    return { may: 'yes' };
  } catch (error) {
    const reason = reasonOf(error);
    return { may: verdictOn(error), reason };
  }
}

/** What a failed trial call says of the tokens: `no` only where the portal refused these tokens; else `unknown`. */
export function verdictOn(error: unknown): 'no' | 'unknown' {
  if (!(error instanceof PortalError) || error.executed !== 'no') return 'unknown';
  const { action, code } = error;
  if (action === 'unauthorized') return 'no';
  return action === 'configuration' && REFUSALS.has(code.toUpperCase()) ? 'no' : 'unknown';
}
