import { type AuthorizationServers } from '../bitrix24/authorization-servers.js';
import { type TokenGrant } from '../bitrix24/oauth-client.js';
import { domainOf, shown } from '../bitrix24/portal-address.js';
import { type Log } from '../logging/log.js';
import { reasonOf } from '../logging/reason.js';
import { type AllowedPortals, NOT_ALLOWED } from './allowed-portals.js';
import { Allowances } from './allowances.js';
import {
  InstallationRefuted,
  type InstallationProof,
  ProofsCrowded,
  ProofUnavailable,
} from './installation-proof.js';
import { type InstallationDecisions, type InstallationListener } from './installation-decisions.js';
import { type Notification } from './notification.js';
import { type Reception } from './reception-outcome.js';
import { type SenderAccounts } from './sender-accounts.js';
import { type Portal } from './portal-record.js';
import { type Trials } from './trials.js';

interface InstallationsDependencies {
  readonly proof: InstallationProof;
  readonly decisions: InstallationDecisions;
  readonly trials: Pick<Trials, 'presentWork'>;
  readonly allowed: AllowedPortals;
  readonly servers: Pick<AuthorizationServers, 'named'>;
  readonly events: InstallationListener;
  readonly log: Log;
}

/** A portal waits for its answer, and some not for long. What is judged later is judged nevertheless. */
const ANSWER_WITHIN_MS = 10_000;
const PERIOD_MS = 60_000;
/** Installations in one period that bring no right application token: by account, and of a host for all its accounts. */
const OF_ACCOUNT = 60;
const OF_HOST = 600;
/** Those of one portal that bring its application token, and that need a proof. */
const OF_MEMBER = 20;
/** An opening may be all that tells of a new installation, which drops bindings: they are checked this often. */
const OPENINGS_PERIOD_MS = 10_000;

/**
 * Judges installations. Every opening of an application that has an interface is one, with tokens of the user who opens it:
 * so tokens of a portal that has some already are tried there first, and replace these only where they may do what
 * draining the portal needs.
 */
export class Installations {
  private readonly ofAccount = new Allowances(OF_ACCOUNT, PERIOD_MS);
  private readonly ofHost = new Allowances(OF_HOST, PERIOD_MS);
  private readonly ofMember = new Allowances(OF_MEMBER, PERIOD_MS);
  private readonly openings = new Allowances(1, OPENINGS_PERIOD_MS);

  constructor(private readonly deps: InstallationsDependencies) {}

  /**
   * Answers within seconds: what takes longer is `unavailable`, and goes on.
   * @param recognised the portal whose application token the notification brought; null where it brought none
   */
  async receive(
    notification: Notification,
    recognised: Portal | null,
    sender: SenderAccounts,
  ): Promise<Reception> {
    const judged = this.judge(notification, recognised, sender);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, ANSWER_WITHIN_MS, 'late');
      timer.unref();
    });
    const outcome = await Promise.race([judged, late]);
    clearTimeout(timer);
    if (outcome !== 'late') return outcome;
    judged.catch((error: unknown) => {
      const reason = reasonOf(error);
      this.deps.log.error({ event: 'install.failed', claimed: notification.memberId, reason });
    });
    return 'unavailable';
  }

  private async judge(
    notification: Notification,
    recognised: Portal | null,
    sender: SenderAccounts,
  ): Promise<Reception> {
    const { refreshToken, memberId: claimed } = notification;
    const { trials, decisions, events } = this.deps;
    if (refreshToken === null) return 'refused';
    // Opened in its portal, which works: no token is needed, and none is worth a request to its authorization server.
    if (notification.event === null && recognised !== null && recognised.state !== 'unauthorized') {
      if (await trials.presentWork(recognised.memberId)) {
        events.installation('kept', recognised.name);
        if (this.openings.take(recognised.memberId)) events.updated(recognised.memberId);
        return 'accepted';
      }
    }
    if (!this.allowed(recognised, sender)) {
      events.installation('throttled', null);
      return 'throttled';
    }
    const grant = await this.prove(refreshToken, notification, recognised !== null, sender);
    if (typeof grant === 'string') return grant;
    // A body that speaks of another portal proves nothing about the application token that it brings.
    const applicationToken = claimed === grant.memberId ? notification.applicationToken : null;
    const decision = await decisions.on(grant, applicationToken, sender.address);
    // A user may open an application without being an administrator: that is no fault.
    return decision === 'refused' && notification.event === null ? 'accepted' : decision;
  }

  /** A portal that is known has an account of its own, whatever else comes from its address. */
  private allowed(recognised: Portal | null, { account, host }: SenderAccounts): boolean {
    if (recognised !== null) return this.ofMember.take(recognised.memberId);
    return this.ofAccount.take(account) && this.ofHost.take(host);
  }

  private async prove(
    refreshToken: string,
    { memberId: claimed, domain, serverEndpoint }: Notification,
    recognised: boolean,
    { address: from, path }: SenderAccounts,
  ): Promise<TokenGrant | Exclude<Reception, 'accepted'>> {
    const { proof, decisions, servers, allowed, events, log } = this.deps;
    let grant: TokenGrant;
    try {
      grant = await proof.prove(
        refreshToken,
        { told: servers.named(serverEndpoint), domain },
        { path: [...path, claimed ?? ''], memberId: claimed, recognised },
        () => decisions.assertRoom(claimed),
      );
    } catch (error) {
      if (error instanceof InstallationRefuted) {
        log.warn({ event: 'install.refused', claimed, from, reason: error.message });
        events.installation('refused', null);
        return 'refused';
      }
      if (error instanceof ProofsCrowded) {
        events.installation('throttled', null);
        return 'throttled';
      }
      if (!(error instanceof ProofUnavailable)) throw error;
      log.warn({ event: 'install.unavailable', claimed, from, reason: error.message });
      events.installation('unavailable', null);
      return 'unavailable';
    }
    const { memberId, clientEndpoint } = grant;
    if (allowed.allows(memberId, clientEndpoint)) return grant;
    log.warn({
      event: 'install.refused',
      memberId,
      domain: shown(domainOf(clientEndpoint)),
      from,
      reason: NOT_ALLOWED,
    });
    events.installation('refused', null);
    return decisions.movedAway(memberId, clientEndpoint);
  }
}
