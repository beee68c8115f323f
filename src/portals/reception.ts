import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Grant } from '../bitrix24/oauth-client.js';
import { type Log } from '../log.js';
import { type AllowedPortals } from './allowed-portals.js';
import { type InstallationProof, InstallationRefuted, ProofUnavailable } from './installation-proof.js';
import { type Notification } from './notification.js';
import { type Portal, type PortalRegistry } from './registry.js';

/** Who wants to hear what happened to portals. */
export interface PortalEvents {
  /** Installed, or installed again with other tokens. */
  installed(memberId: string): void;
  uninstalled(memberId: string): void;
  /** Its queue has gained rows. */
  poked(memberId: string): void;
  /** The application was updated on it, which drops its bindings. */
  updated(memberId: string): void;
}

/** What became of a notification. */
export type Reception =
  /** Believed, and what had to be stored is stored. */
  | 'accepted'
  /** Not believed: nothing has changed. */
  | 'refused'
  /** Cannot be judged or stored just now. */
  | 'unavailable';

/** A granted pair exists once: if the database does not take it, it is tried again while the portal waits. */
const STORE_TRIES = 4;
const STORE_PAUSE_MS = 1000;
const THROTTLED_EVERY_MS = 60_000;

/**
 * Judges what claims to come from a portal. An installation is believed when the authorization server confirms it;
 * anything else when it brings the application token that the portal's installation brought.
 */
export class PortalReception {
  /** Of requests that were throttled: until when none is told of, and how many were not. */
  private silentUntil = 0;
  private untold = 0;

  constructor(
    private readonly registry: PortalRegistry,
    private readonly proof: InstallationProof,
    private readonly allowed: AllowedPortals,
    private readonly events: PortalEvents,
    private readonly log: Log,
  ) {}

  /** Whether it surely comes from the portal that it names. Costs no request and no query. */
  recognises(notification: Notification): boolean {
    return this.senderOf(notification).portal !== null;
  }

  /** @param from the sender's address, for the log */
  async receive(notification: Notification, from: string): Promise<Reception> {
    if (!this.registry.loaded) return 'unavailable';
    return notification.installs ? this.install(notification, from) : this.hear(notification, from);
  }

  /** Tells of a body that is no notification. `reason` repeats nothing of it. */
  unreadable(reason: string, status: number, from: string): void {
    this.log.warn({ event: 'notification.malformed', status, from, reason });
  }

  /** Tells of requests that are not even looked at; there may be very many of them. */
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

  private async install(notification: Notification, from: string): Promise<Reception> {
    const { refreshToken, memberId: claimed } = notification;
    if (refreshToken === null) return 'refused';
    let grant: Grant;
    try {
      grant = await this.proof.prove(refreshToken);
    } catch (error) {
      if (error instanceof InstallationRefuted) {
        this.log.warn({ event: 'install.refused', claimed, from, reason: error.message });
        return 'refused';
      }
      if (!(error instanceof ProofUnavailable)) throw error;
      this.log.warn({ event: 'install.unavailable', claimed, from, reason: error.message });
      return 'unavailable';
    }
    const { memberId, clientEndpoint } = grant;
    if (!this.allowed.allows(memberId, clientEndpoint)) {
      this.log.warn({
        event: 'install.refused',
        memberId,
        domain: new URL(clientEndpoint).host,
        from,
        reason: 'not among B24_ALLOWED_PORTALS',
      });
      return 'refused';
    }
    // A body that speaks of another portal proves nothing about the application token that it brings.
    const applicationToken = claimed === memberId ? notification.applicationToken : null;
    return this.store(grant, applicationToken, from);
  }

  private async store(grant: Grant, applicationToken: string | null, from: string): Promise<Reception> {
    const { memberId } = grant;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const known = this.registry.get(memberId)?.state;
        const portal = await this.registry.install(grant, applicationToken);
        const { name, domain } = portal;
        this.log.info({
          event: 'portal.installed',
          portal: name,
          domain,
          by: 'notification',
          from,
          again: known !== undefined,
        });
        if (portal.applicationToken === null) {
          this.log.info({
            event: 'portal.no_application_token',
            portal: name,
            advice:
              'it comes with ONAPPINSTALL; until then this portal cannot announce events or its uninstallation',
          });
        }
        this.events.installed(memberId);
        return 'accepted';
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const last = attempt >= STORE_TRIES;
        this.log[last ? 'error' : 'warn']({
          event: 'install.not_stored',
          memberId,
          reason,
          ...(last ? { advice: 'install the application on this portal again' } : {}),
        });
        if (last) return 'unavailable';
        await pause(STORE_PAUSE_MS);
      }
    }
  }

  private async hear(notification: Notification, from: string): Promise<Reception> {
    const { portal, reason } = this.senderOf(notification);
    const { event, memberId } = notification;
    if (portal === null) {
      this.log.warn({ event: 'notification.refused', code: event, claimed: memberId, from, reason });
      return 'refused';
    }
    switch (event ?? '') {
      case 'ONOFFLINEEVENT':
        this.events.poked(portal.memberId);
        break;
      case 'ONAPPUPDATE':
        this.log.info({ event: 'portal.application_updated', portal: portal.name });
        this.events.updated(portal.memberId);
        break;
      case 'ONAPPUNINSTALL':
        return this.uninstall(portal);
      default:
        this.log.debug({ event: 'notification.ignored', code: event, portal: portal.name });
    }
    return 'accepted';
  }

  private async uninstall(portal: Portal): Promise<Reception> {
    try {
      await this.registry.uninstall(portal.memberId);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.log.error({ event: 'uninstall.not_stored', portal: portal.name, reason });
      return 'unavailable';
    }
    this.log.warn({
      event: 'portal.uninstalled',
      portal: portal.name,
      domain: portal.domain,
      advice: 'its tokens are forgotten, its deliveries are kept; installing the application again goes on',
    });
    this.events.uninstalled(portal.memberId);
    return 'accepted';
  }

  private senderOf({
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
    return equal(applicationToken ?? '', portal.applicationToken)
      ? { portal, reason: null }
      : { portal: null, reason: 'wrong application token' };
  }
}

/** Compares secrets in a time that says nothing of them, not even their length. */
function equal(given: string, stored: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(stored));
}
