import { setTimeout as pause } from 'node:timers/promises';
import { type TokenGrant } from '../bitrix24/oauth-client.js';
import { shown } from '../bitrix24/portal-address.js';
import { type Log } from '../logging/log.js';
import { reasonOf } from '../logging/reason.js';
import { type AllowedPortals } from './allowed-portals.js';
import { ProofUnavailable } from './installation-proof.js';
import { tellOfNames } from './naming-news.js';
import { MOST_OFFERS, type Offer, OfferGone, type Offers } from './offers.js';
import { type GrantedTokens } from './portal-record.js';
import { type PortalRegistry } from './registry.js';
import { TRIAL_RESERVED_MS, type Trials } from './trials.js';

/** What became of an installation, for metrics. */
type InstallationOutcome =
  /** Its tokens are the portal's from now on. */
  | 'installed'
  /** The portal works with those that it has. */
  | 'kept'
  /** Proven, and of a lesser right than draining needs: what is there stays. */
  | 'lesser'
  /** Proven, and kept aside until the portal says what they are worth. */
  | 'waiting'
  /** Not proven, or of a portal that may not install. */
  | 'refused'
  /** Not judged. */
  | 'unavailable'
  /** Too many of its kind: not judged. */
  | 'throttled';

export interface InstallationListener {
  /** Tokens of a portal were replaced, or are its first, or it is at another address. */
  installed(memberId: string): void;
  /** It is called otherwise from now on: another portal has got its name, which was `former`, or it has got its own. */
  renamed(memberId: string, former: string): void;
  /** A user opened or installed the application, and nothing was replaced; the portal may have dropped its bindings. */
  updated(memberId: string): void;
  /** @param portal its name; null where the installation proved nothing */
  installation(outcome: InstallationOutcome, portal: string | null): void;
}

interface DecisionsDependencies {
  readonly registry: PortalRegistry;
  readonly offers: Offers;
  readonly trials: Trials;
  readonly allowed: Pick<AllowedPortals, 'allows'>;
  readonly events: InstallationListener;
  readonly log: Log;
}

/** A granted pair exists once: if the database does not take it, it is tried again while the portal waits. */
const STORE_TRIES = 4;
const STORE_PAUSE_MS = 1000;
/** Every opening of an application by a user without rights is such a refusal: one line a portal in this time. */
const REFUSED_EVERY_MS = 60_000;

/**
 * What proven tokens are good for. The first ones of a portal are stored; others are tried there, and replace what it has
 * only where they may do what draining it needs. While that is not known, they are kept.
 */
export class InstallationDecisions {
  /** Of portals: until when a refusal is not told again. */
  private readonly toldUntil = new Map<string, number>();

  constructor(private readonly deps: DecisionsDependencies) {}

  /** Asked before tokens are granted, which happens once. @throws {ProofUnavailable} where they would find no room */
  async assertRoom(memberId: string | null): Promise<void> {
    if (memberId === null || this.deps.registry.get(memberId) === undefined) return;
    if ((await this.deps.offers.count(memberId)) < MOST_OFFERS) return;
    throw new ProofUnavailable(`tokens of ${MOST_OFFERS} users of this portal wait already`);
  }

  /** @param from the sender's address, for the log */
  async on(
    grant: TokenGrant,
    applicationToken: string | null,
    from: string,
  ): Promise<'accepted' | 'refused' | 'unavailable'> {
    let offer: Offer | null;
    try {
      offer = await this.patiently(grant.memberId, () => this.store(grant, applicationToken, from));
    } catch {
      this.deps.events.installation('unavailable', null);
      return 'unavailable';
    }
    return offer === null || (await this.decide(offer, from)) ? 'accepted' : 'refused';
  }

  /** A portal of ours that is where none is allowed: its tokens stay as they were, and it is not called there. */
  async movedAway(memberId: string, clientEndpoint: string): Promise<'refused' | 'unavailable'> {
    const { registry, events, log } = this.deps;
    const known = registry.get(memberId);
    if (known === undefined || known.state === 'uninstalled') return 'refused';
    try {
      if (await registry.setAddress(memberId, clientEndpoint)) events.installed(memberId);
      return 'refused';
    } catch (error) {
      const reason = reasonOf(error);
      log.warn({ event: 'install.not_stored', memberId, reason });
      return 'unavailable';
    }
  }

  /** Tries again what could not be decided before, of the portals that `ours` names. */
  async retry(ours: (memberId: string) => boolean): Promise<void> {
    const due = await this.deps.offers.takeDue(ours, TRIAL_RESERVED_MS);
    // One portal that hangs is no reason for others to wait.
    await Promise.all(due.map((offer) => this.decide(offer, null)));
  }

  /** @returns null where the portal is installed by this; otherwise what is to be tried */
  private async store(
    grant: TokenGrant,
    applicationToken: string | null,
    from: string,
  ): Promise<Offer | null> {
    const { registry, offers } = this.deps;
    const present = await registry.current(grant.memberId);
    if (present !== undefined && present.state !== 'uninstalled') {
      return offers.add(grant, applicationToken, TRIAL_RESERVED_MS);
    }
    await this.install(grant, applicationToken, null, from);
    return null;
  }

  /**
   * Lets the portal decide, and follows.
   * @returns false where it refuses these tokens
   */
  private async decide(offer: Offer, from: string | null): Promise<boolean> {
    const { trials, offers, registry, allowed, events, log } = this.deps;
    const { memberId } = offer.grant;
    const name = registry.get(memberId)?.name ?? memberId;
    try {
      const verdict = await trials.of(offer);
      if (verdict.may === 'yes') {
        // As it is stored now: the trial may have renewed the pair.
        const latest = await offers.current(offer.id);
        if (latest === undefined) throw new OfferGone();
        // A renewal may have moved it to where none is allowed.
        if (!allowed.allows(memberId, latest.grant.clientEndpoint)) {
          await offers.drop(offer);
          return false;
        }
        await this.patiently(memberId, () =>
          this.install(latest.grant, latest.applicationToken, latest, from),
        );
        offers.forget(offer);
        return true;
      }
      if (verdict.may === 'no') {
        await this.refuse(memberId, verdict.reason, from);
        await offers.drop(offer);
        return false;
      }
      await this.keepAside(offer, name, verdict.reason);
    } catch (error) {
      if (error instanceof OfferGone) {
        trials.end(offer);
        offers.forget(offer);
        return true;
      }
      // It is stored, and taken up again when its time is over.
      const reason = reasonOf(error);
      log.warn({ event: 'install.undecided', portal: name, reason });
      events.installation('waiting', name);
    }
    return true;
  }

  private async keepAside(offer: Offer, name: string, reason: string): Promise<void> {
    const { trials, offers, events, log } = this.deps;
    const pauseMs = trials.pauseAfter(offer);
    if (pauseMs === null) {
      log.error({
        event: 'install.given_up',
        portal: name,
        reason,
        advice:
          'the portal never said what these tokens may do; install the application again if it needs them',
      });
      trials.end(offer);
      await offers.drop(offer);
      return;
    }
    log.warn({ event: 'install.undecided', portal: name, reason, nextInMs: pauseMs });
    events.installation('waiting', name);
    await offers.postpone(offer, pauseMs);
  }

  private async refuse(memberId: string, reason: string, from: string | null): Promise<void> {
    const { registry, events, log } = this.deps;
    const portal = registry.get(memberId);
    events.installation('lesser', portal?.name ?? memberId);
    const now = performance.now();
    if (portal === undefined || now < (this.toldUntil.get(memberId) ?? 0)) return;
    this.toldUntil.set(memberId, now + REFUSED_EVERY_MS);
    log.warn({
      event: 'install.lesser_right',
      portal: portal.name,
      from,
      reason,
      advice:
        'the user who opened or installed the application is no administrator there: the tokens that the portal has stay; to replace them, let an administrator open it',
    });
    await registry.setInstallRefused(memberId, { at: Date.now(), reason });
  }

  private async install(
    grant: GrantedTokens,
    applicationToken: string | null,
    offer: Offer | null,
    from: string | null,
  ): Promise<void> {
    const { registry, trials, events, log } = this.deps;
    const { memberId } = grant;
    const known = registry.get(memberId)?.state;
    const installed = await registry.install(grant, applicationToken, offer);
    const { portal, displaced, formerlyCalled } = installed;
    const { name, domain } = portal;
    trials.presentChanged(memberId);
    if (offer !== null) trials.end(offer);
    events.installation('installed', name);
    log.info({
      event: 'portal.installed',
      portal: name,
      domain: shown(domain),
      by: 'notification',
      server: portal.authorizationServer,
      ...(from === null ? {} : { from }),
      again: known !== undefined,
    });
    if (portal.applicationToken === null) {
      log.info({
        event: 'portal.no_application_token',
        portal: name,
        advice:
          'it comes with ONAPPINSTALL; until then this portal cannot send notifications, nor tell of its uninstallation',
      });
    }
    tellOfNames(installed, log);
    // First the portal that gives up its name: log lines and metrics of both go by names.
    if (displaced !== null) events.renamed(displaced.memberId, portal.name);
    if (formerlyCalled !== null) events.renamed(memberId, formerlyCalled);
    events.installed(memberId);
  }

  /** @throws what `store` throws at last */
  private async patiently<T>(memberId: string, store: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await store();
      } catch (error) {
        if (error instanceof OfferGone) throw error;
        const reason = reasonOf(error);
        const last = attempt >= STORE_TRIES;
        this.deps.log[last ? 'error' : 'warn']({
          event: 'install.not_stored',
          memberId,
          reason,
          ...(last ? { advice: 'install the application on this portal again' } : {}),
        });
        if (last) throw error;
        await pause(STORE_PAUSE_MS);
      }
    }
  }
}
