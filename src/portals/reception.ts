import { createHash, timingSafeEqual } from 'node:crypto';
import { type AuthorizationServers } from '../bitrix24/authorization-servers.js';
import { shown } from '../bitrix24/portal-address.js';
import { type Log } from '../logging/log.js';
import { type AllowedPortals, NOT_ALLOWED } from './allowed-portals.js';
import { type InstallationListener } from './installation-decisions.js';
import { type Installations } from './installations.js';
import { type Notification } from './notification.js';
import { OnceAPeriod } from './once-a-period.js';
import { type Reception } from './reception-outcome.js';
import { type SenderAccounts } from './sender-accounts.js';
import { type Portal } from './portal-record.js';
import { type PortalRegistry } from './registry.js';
import { reasonOf } from '../logging/reason.js';

/** Told of what happened to portals. */
export interface PortalEvents extends InstallationListener {
  uninstalled(memberId: string): void;
  /** Its queue has gained rows. */
  notified(memberId: string): void;
  /** The application was updated on it, or installed again, which drops its bindings. */
  updated(memberId: string): void;
}

const THROTTLED_EVERY_MS = 60_000;
/**
 * A portal proves what it says with its own token, and may say it as often as it likes: what costs more than a round
 * that comes sooner is done this rarely for each of them.
 */
const UPDATE_EVERY_MS = 60_000;
const SERVER_EVERY_MS = 600_000;

/**
 * Judges what claims to come from a portal. An installation is believed when the authorization server confirms it;
 * anything else when it brings the application token that the portal's installation brought.
 */
export class PortalReception {
  /** Of throttled requests: until when none is logged, and how many were not logged. */
  private silentUntil = 0;
  private untold = 0;
  private readonly updates = new OnceAPeriod(UPDATE_EVERY_MS);
  private readonly moves = new OnceAPeriod(SERVER_EVERY_MS);

  constructor(
    private readonly registry: PortalRegistry,
    private readonly installations: Pick<Installations, 'receive'>,
    private readonly allowed: Pick<AllowedPortals, 'allows'>,
    private readonly events: PortalEvents,
    private readonly log: Log,
    private readonly servers: Pick<AuthorizationServers, 'named'>,
  ) {}

  /** Whether it surely comes from the portal that it names. Costs no request and no query. */
  recognises(notification: Notification): boolean {
    return this.portalOf(notification).portal !== null;
  }

  async receive(notification: Notification, sender: SenderAccounts): Promise<Reception> {
    if (!this.registry.loaded) return 'unavailable';
    if (!notification.installs) return this.hear(notification, sender.address);
    const { portal } = this.portalOf(notification);
    const reception = await this.installations.receive(notification, portal, sender);
    if (reception === 'throttled') this.throttled(sender.address);
    return reception;
  }

  /** Tells of a body that is no notification. `reason` repeats nothing of it. */
  unreadable(reason: string, status: number, from: string): void {
    this.log.warn({ event: 'notification.malformed', status, from, reason });
  }

  /** Logs requests that are refused unread; there may be very many of them. */
  throttled(from: string): void {
    const now = performance.now();
    if (now < this.silentUntil) {
      this.untold += 1;
      return;
    }
    this.log.warn({ event: 'notification.throttled', from, untoldSince: this.untold });
    this.untold = 0;
    this.silentUntil = now + THROTTLED_EVERY_MS;
  }

  private async hear(notification: Notification, from: string): Promise<Reception> {
    const { portal, reason } = this.portalOf(notification);
    const { event, memberId } = notification;
    if (portal === null) {
      this.log.warn({ event: 'notification.refused', code: event, claimed: memberId, from, reason });
      return 'refused';
    }
    if (event !== 'ONAPPUNINSTALL') await this.hearOfServer(portal, notification.serverEndpoint);
    switch (event ?? '') {
      case 'ONOFFLINEEVENT':
        this.events.notified(portal.memberId);
        break;
      case 'ONAPPUPDATE':
        await this.updates.run(portal.memberId, () => {
          this.log.info({ event: 'portal.application_updated', portal: portal.name });
          this.events.updated(portal.memberId);
          return Promise.resolve();
        });
        break;
      case 'ONAPPUNINSTALL':
        return this.uninstall(portal);
      default:
        this.log.debug({ event: 'notification.ignored', code: event, portal: portal.name });
    }
    return 'accepted';
  }

  /** Portals that were installed before it was stored, or have changed their region, tell which server they belong to. */
  private async hearOfServer(portal: Portal, told: string | null): Promise<void> {
    const server = this.servers.named(told);
    if (server === null || server === portal.authorizationServer) return;
    await this.moves.run(portal.memberId, () => this.learnServer(portal, server));
  }

  private async learnServer(portal: Portal, server: string): Promise<void> {
    try {
      await this.registry.setAuthorizationServer(portal.memberId, server);
      this.log.info({ event: 'portal.authorization_server', portal: portal.name, server });
    } catch (error) {
      // The next notification tells it again.
      const reason = reasonOf(error);
      this.log.warn({ event: 'portal.authorization_server', portal: portal.name, server, reason });
    }
  }

  private async uninstall(portal: Portal): Promise<Reception> {
    try {
      await this.registry.uninstall(portal.memberId);
    } catch (error) {
      const reason = reasonOf(error);
      this.log.error({ event: 'uninstall.not_stored', portal: portal.name, reason });
      return 'unavailable';
    }
    this.log.warn({
      event: 'portal.uninstalled',
      portal: portal.name,
      domain: shown(portal.domain),
      advice: 'its tokens are forgotten, its deliveries are kept; installing the application again goes on',
    });
    this.events.uninstalled(portal.memberId);
    return 'accepted';
  }

  private portalOf({
    event,
    memberId,
    applicationToken,
  }: Notification): { portal: Portal; reason: null } | { portal: null; reason: string } {
    const portal = memberId === null ? undefined : this.registry.get(memberId);
    if (portal === undefined) return { portal: null, reason: 'unknown portal' };
    if (portal.state === 'uninstalled')
      return { portal: null, reason: 'the application is not installed there' };
    if (portal.applicationToken === null) {
      return {
        portal: null,
        reason: 'no application token is known of this portal: it comes with ONAPPINSTALL',
      };
    }
    if (!equal(applicationToken ?? '', portal.applicationToken)) {
      return { portal: null, reason: 'wrong application token' };
    }
    // Nothing is done for it; that it is gone is as good to know as of any other.
    return event === 'ONAPPUNINSTALL' || this.allowed.allows(portal.memberId, portal.clientEndpoint)
      ? { portal, reason: null }
      : { portal: null, reason: NOT_ALLOWED };
  }
}

/** Compares secrets in a time that says nothing of them, not even their length. */
function equal(given: string, stored: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(stored));
}
