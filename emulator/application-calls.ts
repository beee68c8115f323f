import { randomUUID } from 'node:crypto';
import { type Application } from './applications.js';
import { QUEUE_EVENT } from './bindings.js';
import { USER_ID } from './callers.js';
import { md5 } from './md5.js';
import { type Notification, type Notifier } from './notifications.js';
import { APPLICATION_SCOPE, type Authority, type TokenPair } from './oauth.js';

/** What a portal says of itself to the applications that it calls. */
interface CallingPortal {
  readonly memberId: string;
  readonly domain: string;
  readonly clientEndpoint: string;
  readonly serverEndpoint: string;
  readonly applicationToken: string;
  issueTokens(userId: number): TokenPair;
}

/** What a portal posts to the addresses of applications: installations, opened pages, changed queues. */
export class ApplicationCalls {
  constructor(
    private readonly portal: CallingPortal,
    private readonly notifier: Notifier,
    private readonly authority: Pick<Authority, 'accessTokenTtlSeconds'>,
  ) {}

  /** Tells an application that its queue gained rows, by a user's change or by another one (a robot's, an agent's). */
  notifyOf(application: Application, { own, byUser }: { own: boolean; byUser: boolean }): void {
    for (const binding of application.bindings.queueHandlers()) {
      if (!this.notifier.isDue(binding.id, binding.minTimeout ?? 1)) continue;
      // Each notification hands out a pair of tokens of its own. Another application's tokens are not made here.
      const auth = own && byUser ? this.authFields(true) : this.addressOf(application, own);
      void this.notifier.send(QUEUE_EVENT, binding.handler, { event_handler_id: binding.id, data: '', auth });
    }
  }

  /** What `auth` of a notification carries without tokens. */
  private addressOf({ clientId }: Application, own: boolean): Record<string, unknown> {
    const { memberId, domain, applicationToken } = this.portal;
    const application_token = own ? applicationToken : md5(`application|${memberId}|${clientId}`);
    return { domain, member_id: memberId, application_token };
  }

  /** `ONAPPINSTALL`, with fresh tokens. */
  install(handlerUrl: string, userId: number): Promise<Notification> {
    return this.notifier.send('ONAPPINSTALL', handlerUrl, {
      data: { VERSION: '1', ACTIVE: 'Y', INSTALLED: 'Y', LANGUAGE_ID: 'en' },
      auth: this.authFields(true, userId),
    });
  }

  /**
   * A user opens an application with an interface (or its installer): the page's POST spells its fields in capitals,
   * and carries some of them in the address.
   */
  openInterface(handlerUrl: string, userId: number): Promise<Notification> {
    const { accessToken, refreshToken } = this.portal.issueTokens(userId);
    const url = new URL(handlerUrl);
    const inAddress = {
      DOMAIN: this.portal.domain,
      PROTOCOL: this.portal.clientEndpoint.startsWith('https:') ? '1' : '0',
    };
    for (const [name, value] of Object.entries({ ...inAddress, LANG: 'en', APP_SID: md5(randomUUID()) })) {
      url.searchParams.set(name, value);
    }
    return this.notifier.open(url.href, {
      AUTH_ID: accessToken,
      AUTH_EXPIRES: String(this.authority.accessTokenTtlSeconds),
      REFRESH_ID: refreshToken,
      SERVER_ENDPOINT: this.portal.serverEndpoint,
      APPLICATION_TOKEN: this.portal.applicationToken,
      APPLICATION_SCOPE: APPLICATION_SCOPE,
      member_id: this.portal.memberId,
      status: 'L',
      PLACEMENT: 'DEFAULT',
      PLACEMENT_OPTIONS: '{"any":"6/"}',
    });
  }

  /** `ONAPPUNINSTALL`, without tokens. */
  uninstall(handlerUrl: string): Promise<Notification> {
    return this.notifier.send('ONAPPUNINSTALL', handlerUrl, {
      data: { LANGUAGE_ID: 'en', CLEAN: '0' },
      auth: this.authFields(false),
    });
  }

  private authFields(withTokens: boolean, userId = USER_ID): Record<string, unknown> {
    const fields = {
      domain: this.portal.domain,
      client_endpoint: this.portal.clientEndpoint,
      server_endpoint: this.portal.serverEndpoint,
      member_id: this.portal.memberId,
      application_token: this.portal.applicationToken,
      status: 'L',
    };
    if (!withTokens) return fields;
    const { accessToken, refreshToken, expires } = this.portal.issueTokens(userId);
    return {
      access_token: accessToken,
      expires,
      expires_in: this.authority.accessTokenTtlSeconds,
      scope: APPLICATION_SCOPE,
      user_id: String(userId),
      refresh_token: refreshToken,
      ...fields,
    };
  }
}
