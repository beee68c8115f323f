import { createHash, randomUUID } from 'node:crypto';
import { Bindings, QUEUE_EVENT, type Binding } from './bindings.js';
import { FaultSet, type Fault, type FaultHandle } from './faults.js';
import { type Features } from './methods.js';
import { Notifier, type Notification } from './notifications.js';
import { APPLICATION_SCOPE, type Authority, type TokenOwner, type TokenPair } from './oauth.js';
import { type Change, type DestroyedRow, type PushOutcome } from './offline-calls.js';
import { OfflineQueue } from './offline-queue.js';
import { type Row } from './offline-row.js';
import { assertUtcOffset } from './portal-clock.js';
import { type PortalOptions } from './portal-options.js';
import { RestDesk, type Counters, type PortalState, type RestAnswer, type RestRequest } from './rest-desk.js';

export interface PushedChange extends Change {
  /** Enters the queue even where the event is not bound. */
  force?: boolean;
}

export type PortalLimits = Pick<
  PortalOptions,
  | 'ratePerSecond'
  | 'burst'
  | 'operatingLimitSeconds'
  | 'serviceTimeMs'
  | 'serviceTimePerRowMs'
  | 'requestLimitMs'
>;

/** What a portal needs of the emulator around it. */
export interface PortalSurroundings {
  readonly authority: Authority;
  readonly now: () => number;
  /** Faults of the emulator as a whole. */
  readonly faults: FaultSet;
  readonly clientEndpoint: () => string;
  readonly serverEndpoint: () => string;
}

/** One portal: its queue, its bindings, its tokens, and everything a test may do to it. */
export class EmulatedPortal implements TokenOwner {
  readonly name: string;
  readonly memberId: string;
  readonly applicationToken: string;
  readonly queue: OfflineQueue;
  readonly faults = new FaultSet();
  readonly redirectUrl: string | null;
  private readonly bound = new Bindings();
  private readonly notifier: Notifier;
  private readonly desk: RestDesk;

  /** @throws Error for an unusable name or offset */
  constructor(
    options: PortalOptions,
    private readonly around: PortalSurroundings,
  ) {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(options.name) || ['rest', 'oauth'].includes(options.name)) {
      throw new Error(`Not usable as a portal's name: ${options.name}`);
    }
    const utcOffset = options.utcOffset ?? '+02:00';
    assertUtcOffset(utcOffset);
    this.name = options.name;
    this.memberId = options.memberId ?? md5(`member|${options.name}|${randomUUID()}`);
    this.applicationToken = md5(`application|${this.memberId}`);
    this.redirectUrl = options.redirectUrl ?? null;
    this.notifier = new Notifier(around.now);
    this.queue = new OfflineQueue({ now: around.now, utcOffset });
    this.desk = new RestDesk(options, {
      now: around.now,
      queue: this.queue,
      bindings: this.bound,
      faults: [this.faults, around.faults],
      utcOffset,
      authorize: (accessToken) => around.authority.authorize(this, accessToken),
    });
  }

  /** REST root, `http://acme.localhost:4000/rest/`. */
  get clientEndpoint(): string {
    return this.around.clientEndpoint();
  }

  /** Host and port of the REST root. */
  get domain(): string {
    return new URL(this.clientEndpoint).host;
  }

  get paid(): boolean {
    return this.desk.paid;
  }

  get counters(): Counters {
    return this.desk.counters;
  }

  get destroyed(): readonly DestroyedRow[] {
    return this.queue.destroyed;
  }

  get notifications(): readonly Notification[] {
    return this.notifier.sent;
  }

  issueRefreshToken(): string {
    return this.issueTokens().refreshToken;
  }

  issueAccessToken(): string {
    return this.issueTokens().accessToken;
  }

  issueTokens(): TokenPair {
    return this.around.authority.issue(this);
  }

  expireAccessTokens(): void {
    this.around.authority.expireAccessTokens(this);
  }

  /** Withdraws the application's authorization: no token of this portal is valid any longer. */
  revoke(): void {
    this.around.authority.revoke(this);
  }

  /**
   * An object of the portal changed. It enters the queue where that event is bound offline for the source
   * key, and whoever bound the notification is told.
   * @returns null when nothing is bound
   */
  push({ force = false, ...change }: PushedChange): PushOutcome | null {
    if (!force && !this.bound.hasOffline(change.event.toUpperCase(), change.connector ?? '')) return null;
    const outcome = this.queue.push(change);
    for (const binding of this.bound.queueHandlers()) {
      // Each notification hands out a pair of tokens of its own.
      if (this.notifier.isDue(binding.id, binding.minTimeout ?? 1)) {
        void this.notifier.send(QUEUE_EVENT, binding.handler, {
          event_handler_id: binding.id,
          data: '',
          auth: this.authFields(true),
        });
      }
    }
    return outcome;
  }

  bindings(): readonly Binding[] {
    return this.bound.all();
  }

  /** Binds an offline event as `event.bind` would, unless it is bound already. */
  bind(event: string, connector = ''): void {
    if (this.bound.hasOffline(event.toUpperCase(), connector)) return;
    this.bound.bind({ event, eventType: 'offline', handler: '', connector, authType: 0, minTimeout: null });
  }

  /** Binds the notification of a changed queue. */
  bindNotification(handler: string, minTimeout: number | null = null): void {
    const request = { event: QUEUE_EVENT, eventType: 'online', handler, connector: '', authType: 0 };
    this.bound.bind({ ...request, minTimeout });
  }

  rows(): Row[] {
    return this.queue.rows();
  }

  /** @throws Error for an unknown kind of fault */
  inject(fault: Fault): FaultHandle {
    return this.faults.inject(fault);
  }

  setFeatures(features: Partial<Features>): void {
    Object.assign(this.desk.features, features);
  }

  getFeatures(): Readonly<Features> {
    return this.desk.features;
  }

  /** Whether the user who authorized the application is an administrator of the portal. */
  setAdministrator(administrator: boolean): void {
    this.desk.administrator = administrator;
  }

  /**
   * Makes the portal refuse every call, with one of the known refusals or any other; `active` ends it.
   * @throws Error for an unknown state
   */
  setState(state: PortalState): void {
    this.desk.setState(state);
  }

  /** Changes the request budget, the execution time allowed, or the time requests take. */
  setLimits(limits: PortalLimits): void {
    const { bucket, operating } = this.desk;
    bucket.ratePerSecond = limits.ratePerSecond ?? bucket.ratePerSecond;
    bucket.burst = limits.burst ?? bucket.burst;
    operating.limitSeconds = limits.operatingLimitSeconds ?? operating.limitSeconds;
    this.desk.serviceTimeMs = limits.serviceTimeMs ?? this.desk.serviceTimeMs;
    this.desk.requestLimitMs = limits.requestLimitMs ?? this.desk.requestLimitMs;
    this.desk.serviceTimePerRowMs = limits.serviceTimePerRowMs ?? this.desk.serviceTimePerRowMs;
  }

  /** Installs the application (again): drops every binding and posts `ONAPPINSTALL` with fresh tokens. */
  install(handlerUrl: string): Promise<Notification> {
    this.bound.clear();
    return this.notifier.send('ONAPPINSTALL', handlerUrl, {
      data: { VERSION: '1', ACTIVE: 'Y', INSTALLED: 'Y', LANGUAGE_ID: 'en' },
      auth: this.authFields(true),
    });
  }

  /** Removes the application: revokes its tokens, drops every binding and posts `ONAPPUNINSTALL` without tokens. */
  uninstall(handlerUrl: string): Promise<Notification> {
    this.bound.clear();
    this.revoke();
    return this.notifier.send('ONAPPUNINSTALL', handlerUrl, {
      data: { LANGUAGE_ID: 'en', CLEAN: '0' },
      auth: this.authFields(false),
    });
  }

  /** Resolves when no notification is under way. */
  notified(): Promise<void> {
    return this.notifier.idle();
  }

  close(): void {
    this.notifier.close();
  }

  /** Counts a request that an injected fault kept from being served, and the refusal it got. */
  notServed({ method }: RestRequest, refusal: string | null): void {
    this.desk.received(method);
    if (refusal !== null) this.desk.refused({ code: refusal });
  }

  /** Answers one REST request. */
  handle(request: RestRequest): Promise<RestAnswer> {
    return this.desk.handle(request);
  }

  private authFields(withTokens: boolean): Record<string, unknown> {
    const fields = {
      domain: this.domain,
      client_endpoint: this.clientEndpoint,
      server_endpoint: this.around.serverEndpoint(),
      member_id: this.memberId,
      application_token: this.applicationToken,
      status: 'L',
    };
    if (!withTokens) return fields;
    const { accessToken, refreshToken, expires } = this.issueTokens();
    return {
      access_token: accessToken,
      expires,
      expires_in: this.around.authority.accessTokenTtlSeconds,
      scope: APPLICATION_SCOPE,
      user_id: '1',
      refresh_token: refreshToken,
      ...fields,
    };
  }
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
