import { randomUUID } from 'node:crypto';
import { ApplicationCalls } from './application-calls.js';
import { type EmulatorContext } from './emulator-context.js';
import { md5 } from './md5.js';
import { EventRecorder } from './event-recorder.js';
import { Applications, type Application } from './applications.js';
import { Bindings, QUEUE_EVENT, type Binding } from './bindings.js';
import { USER_ID, type WebhookKey } from './callers.js';
import { FaultSet, type Fault, type FaultHandle } from './faults.js';
import { type Features } from './call-context.js';
import { Notifier, type Notification } from './notifications.js';
import { type TokenOwner, type TokenPair } from './oauth.js';
import { type Change, type DestroyedRow, type PushOutcome } from './offline-calls.js';
import { PortalObjects } from './objects.js';
import { DEFAULT_SCOPE, OfflineQueue } from './offline-queue.js';
import { type Row } from './offline-row.js';
import { assertGivenOffset, assertTimestampStyle, assertUtcOffset } from './portal-clock.js';
import { type PortalOptions } from './portal-options.js';
import { isRedirectState, type RedirectState } from './redirects.js';
import {
  RestService,
  type Counters,
  type ServiceState,
  type RestAnswer,
  type RestRequest,
} from './rest-service.js';
import { Users } from './users.js';

export interface PushedChange extends Change {
  /** Enters the queue even where the event is not bound. */
  force?: boolean;
}

/** `active`, or why it refuses every call, or sends every caller elsewhere. */
export type PortalState = ServiceState | RedirectState;

export type PortalLimits = Pick<
  PortalOptions,
  | 'ratePerSecond'
  | 'burst'
  | 'operatingLimitSeconds'
  | 'serviceTimeMs'
  | 'serviceTimePerRowMs'
  | 'serviceTimePerPageMs'
  | 'operatingOf'
  | 'requestLimitMs'
>;

/**
 * One portal: its queue, its bindings, its tokens, and everything a test may do to it. One class, as tests and the control
 * interface call it, nearly all of it delegation to the parts.
 */
export class EmulatedPortal implements TokenOwner {
  readonly name: string;
  readonly memberId: string;
  readonly applicationToken: string;
  readonly queue: OfflineQueue;
  readonly faults = new FaultSet();
  readonly redirectUrl: string | null;
  /** Host and folder that it was given; null where the emulator names it. */
  site: string | null;
  /** Why every caller is redirected; null where none is. */
  redirects: RedirectState | null = null;
  /** Name of the authorization server that it belongs to; undefined for the main one. */
  readonly authorizationServer: string | undefined;
  /** The key of an administrator's webhook. */
  readonly webhook: WebhookKey = { userId: String(USER_ID), secret: randomUUID().replaceAll('-', '') };
  /** The objects of its CRM, which REST calls change. */
  readonly objects: PortalObjects;
  private readonly bound = new Bindings();
  private readonly applications: Applications;
  private readonly notifier: Notifier;
  private readonly calls: ApplicationCalls;
  private readonly rest: RestService;
  private readonly users: Users;

  /** @throws Error for an unusable name or offset */
  constructor(
    options: PortalOptions,
    private readonly around: EmulatorContext,
  ) {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(options.name) || ['rest', 'oauth'].includes(options.name)) {
      throw new Error(`Not usable as a portal's name: ${options.name}`);
    }
    const utcOffset = options.utcOffset ?? '+02:00';
    assertUtcOffset(utcOffset);
    const filterOffset = options.filterOffset ?? utcOffset;
    assertUtcOffset(filterOffset);
    const filterDates = options.filterDates ?? 'dropped';
    assertGivenOffset(filterDates);
    assertTimestampStyle(options.timestamps ?? 'iso');
    this.name = options.name;
    this.memberId = options.memberId ?? md5(`member|${options.name}|${randomUUID()}`);
    this.applicationToken = md5(`application|${this.memberId}`);
    this.redirectUrl = options.redirectUrl ?? null;
    this.site = options.site ?? null;
    this.authorizationServer = options.authorizationServer;
    this.notifier = new Notifier(around.now);
    this.calls = new ApplicationCalls(this, this.notifier, around.authority);
    this.users = new Users(options.administrator ?? true);
    this.queue = new OfflineQueue({ now: around.now, utcOffset, timestamps: options.timestamps ?? 'iso' });
    this.applications = new Applications({
      id: DEFAULT_SCOPE.appId,
      clientId: around.clientId,
      bindings: this.bound,
    });
    const recorder = new EventRecorder(this.applications, this.queue, {
      installed: (application) => application !== this.applications.own || this.rest.installed,
      notify: (application) => this.notifyOf(application, true),
    });
    this.objects = new PortalObjects((event, data, by) => recorder.record(event, data, by), {
      now: around.now,
      utcOffset,
      filterOffset,
      filterDates,
    });
    this.rest = new RestService(options, {
      now: around.now,
      queue: this.queue,
      objects: this.objects,
      applications: this.applications,
      faults: [this.faults, around.faults],
      utcOffset,
      authorize: (accessToken) => {
        const other = this.applications.otherBy(accessToken);
        if (other) return { application: other, userId: USER_ID };
        const userId = around.authority.authorize(this, accessToken);
        return { application: this.applications.own, userId };
      },
      users: this.users,
      webhook: this.webhook,
    });
  }

  /** REST root, `http://acme.localhost:4000/rest/`. */
  get clientEndpoint(): string {
    return this.around.clientEndpoint(this.site);
  }

  /**
   * Gives it another host and folder, as its administrator does: tokens name that one from now on. Where the emulator
   * names it, it goes on to answer.
   */
  moveTo(site: string): void {
    this.site = site;
  }

  /** REST root of the webhook. */
  get webhookEndpoint(): string {
    return `${this.clientEndpoint}${this.webhook.userId}/${this.webhook.secret}/`;
  }

  /** Host and port of the REST root. */
  get domain(): string {
    return new URL(this.clientEndpoint).host;
  }

  /** Address of the authorization server as tokens name it. */
  get serverEndpoint(): string {
    return this.around.serverEndpoint();
  }

  get paid(): boolean {
    return this.rest.paid;
  }

  get counters(): Counters {
    return this.rest.counters;
  }

  get destroyed(): readonly DestroyedRow[] {
    return this.queue.destroyed;
  }

  get notifications(): readonly Notification[] {
    return this.notifier.sent;
  }

  /** One more user. @returns his id */
  addUser({ administrator = false }: { administrator?: boolean } = {}): number {
    return this.users.add(administrator);
  }

  issueRefreshToken(userId = USER_ID): string {
    return this.issueTokens(userId).refreshToken;
  }

  issueAccessToken(userId = USER_ID): string {
    return this.issueTokens(userId).accessToken;
  }

  /** Tokens with which the application acts for a user. @throws Error for an unknown one */
  issueTokens(userId = USER_ID): TokenPair {
    return this.around.authority.issue(this, this.users.require(userId));
  }

  expireAccessTokens(): void {
    this.around.authority.expireAccessTokens(this);
  }

  /** Remembers an error of the authorization server for the access tokens given out so far; new ones are good. */
  refuseAccessTokens(code = 'invalid_token'): void {
    this.around.authority.refuseAccessTokens(this, code);
  }

  granted(): void {
    this.counters.tokenRequests += 1;
  }

  /** Withdraws the application's authorization: no token of this portal is valid any longer. */
  revoke(): void {
    this.around.authority.revoke(this);
  }

  /**
   * An object of the portal changed. It enters the queue where that event is bound offline for the source
   * key, and the addresses that bound the notification are called.
   * @returns null when nothing is bound
   */
  push({ force = false, ...change }: PushedChange): PushOutcome | null {
    if (!force && !this.rest.installed) return null;
    if (!force && !this.bound.hasOffline(change.event.toUpperCase(), change.connector ?? '')) return null;
    const outcome = this.queue.push(change);
    if (!this.rest.installed) return outcome;
    this.notifyOf(this.applications.own, change.userId !== null);
    return outcome;
  }

  /** How `TIMESTAMP_X` is printed from now on. @throws Error for an unknown style */
  printTimestamps(style: string): void {
    assertTimestampStyle(style);
    this.queue.timestamps = style;
  }

  private notifyOf(application: Application, byUser: boolean): void {
    this.calls.notifyOf(application, { own: application === this.applications.own, byUser });
  }

  /** Installs another application beside the one under test. @returns an access token of it, good for ever */
  accessTokenOfOther(clientId = 'local.other'): string {
    return this.applications.accessTokenOfOther(clientId);
  }

  bindings(): readonly Binding[] {
    return this.bound.all();
  }

  /** Binds an offline event as `event.bind` would, unless it is bound already. */
  bind(event: string, connector = ''): void {
    if (this.bound.hasOffline(event.toUpperCase(), connector)) return;
    this.bound.bind({ event, eventType: 'offline', handler: '', connector, authType: 0, minTimeout: null });
  }

  /** Drops every binding and says nothing, as an update of the application does. */
  unbindAll(): void {
    this.bound.clear();
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
    Object.assign(this.rest.features, features);
  }

  getFeatures(): Readonly<Features> {
    return this.rest.features;
  }

  /** Whether the application's installation is finished. */
  get installed(): boolean {
    return this.rest.installed;
  }

  /** The application calls `installFinish`: from now on the portal announces what happens. */
  finishInstallation(): void {
    this.rest.installed = true;
  }

  /** Whether a user, by default the one who authorized the application, is an administrator of the portal. */
  setAdministrator(administrator: boolean, userId = USER_ID): void {
    this.users.setAdministrator(userId, administrator);
  }

  /**
   * Makes the portal refuse every call, with one of the known refusals or any other; `active` ends it.
   * @throws Error for an unknown state
   */
  setState(state: PortalState): void {
    this.redirects = isRedirectState(state) ? state : null;
    this.rest.setState(isRedirectState(state) ? 'active' : state);
  }

  /** Changes the request budget, the execution time allowed, or the time requests take. */
  setLimits(limits: PortalLimits): void {
    const { bucket, operating } = this.rest;
    bucket.ratePerSecond = limits.ratePerSecond ?? bucket.ratePerSecond;
    bucket.burst = limits.burst ?? bucket.burst;
    operating.limitSeconds = limits.operatingLimitSeconds ?? operating.limitSeconds;
    this.rest.serviceTimeMs = limits.serviceTimeMs ?? this.rest.serviceTimeMs;
    this.rest.requestLimitMs = limits.requestLimitMs ?? this.rest.requestLimitMs;
    this.rest.serviceTimePerRowMs = limits.serviceTimePerRowMs ?? this.rest.serviceTimePerRowMs;
    this.rest.serviceTimePerPageMs = limits.serviceTimePerPageMs ?? this.rest.serviceTimePerPageMs;
    this.rest.operatingOf = limits.operatingOf ?? this.rest.operatingOf;
  }

  /** Installs the application (again): drops every binding and posts `ONAPPINSTALL` with fresh tokens. */
  install(handlerUrl: string, userId = USER_ID): Promise<Notification> {
    this.bound.clear();
    return this.calls.install(handlerUrl, userId);
  }

  /**
   * A user opens an application with an interface (or its installer): the page's POST spells its fields in capitals,
   * and carries some of them in the address.
   */
  openInterface(handlerUrl: string, userId = USER_ID): Promise<Notification> {
    return this.calls.openInterface(handlerUrl, userId);
  }

  /** Removes the application: revokes its tokens, drops every binding and posts `ONAPPUNINSTALL` without tokens. */
  uninstall(handlerUrl: string): Promise<Notification> {
    this.bound.clear();
    this.revoke();
    return this.calls.uninstall(handlerUrl);
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
    this.rest.received(method);
    if (refusal !== null) this.rest.refused({ code: refusal });
  }

  /** Answers one REST request. */
  handle(request: RestRequest): Promise<RestAnswer> {
    return this.rest.handle(request);
  }
}
