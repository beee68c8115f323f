import { commandMethod, runBatch } from './batch.js';
import { type Application, type Applications } from './applications.js';
import { type CallContext, type Features, type MethodAnswer } from './call-context.js';
import { accessTokenOf, USER_ID, type Caller, type WebhookKey } from './callers.js';
import { commits, takeFault, type FaultSet } from './faults.js';
import { LeakyBucket, OperatingTime } from './limits.js';
import { batchCommands, callMethod, isKnownMethod, requireConnectorFeature } from './methods.js';
import { type PortalObjects } from './objects.js';
import { type OfflineQueue } from './offline-queue.js';
import { changeKeyCase, phpBool, phpGet, phpString, type PhpArray } from './php.js';
import { formatTimestamp } from './portal-clock.js';
import { type PortalOptions } from './portal-options.js';
import { RequestCut, RequestTime } from './request-time.js';
import { isSuspendedState, RestError, suspension, type SuspendedState } from './rest-error.js';
import { type Users } from './users.js';

export interface Counters {
  /** REST requests, refused ones included; a batch counts once. */
  requests: number;
  /** By method; a batch counts as `batch` and every command under its own name too. */
  perMethod: Record<string, number>;
  /** By error code, those of single commands in a batch included. */
  refusals: Record<string, number>;
  /** Successful token requests. */
  tokenRequests: number;
  /** Requests that arrived while another one was being served. */
  overlaps: number;
}

export interface RestRequest {
  readonly method: string;
  readonly params: PhpArray;
  /** A webhook's user and secret, where it was called by one. */
  readonly webhook: WebhookKey | null;
  /** The header of this name. */
  readonly authorization: string | null;
}

export interface RestAnswer {
  readonly status: number;
  /** A text is a page, anything else JSON. */
  readonly body: unknown;
}

const TIMEOUT_PAGE = '<!DOCTYPE html><html><head><title>504 Gateway Time-out</title></head></html>';
const ERROR_PAGE = '<!DOCTYPE html><html><head><title>Error</title></head><body>nginx</body></html>';

export type ServiceState =
  'active' | SuspendedState | { status: number; error: string; description?: string };

/** What the service works with. */
interface ServiceParts {
  readonly now: () => number;
  readonly queue: OfflineQueue;
  readonly objects: PortalObjects;
  readonly applications: Applications;
  /** Faults that may hit a single command, the portal's own first. */
  readonly faults: readonly FaultSet[];
  readonly utcOffset: string;
  /** @returns whose token it is. @throws RestError 401 */
  readonly authorize: (accessToken: string) => { readonly application: Application; readonly userId: number };
  readonly users: Users;
  readonly webhook: WebhookKey;
}

/** What a call spends: its share of the request's service time, and whose execution time it is. */
interface Cost {
  readonly shareMs: number;
  readonly time: RequestTime;
  readonly charged: string;
}

/** Where a portal answers REST requests: its state, limits and features, and the order of its checks. */
export class RestService {
  readonly counters: Counters = { requests: 0, perMethod: {}, refusals: {}, tokenRequests: 0, overlaps: 0 };
  readonly features: Features;
  readonly bucket: LeakyBucket;
  readonly operating: OperatingTime;
  /** Whether the application's installation is finished. */
  installed: boolean;
  serviceTimeMs: number;
  serviceTimePerRowMs: number;
  serviceTimePerPageMs: number;
  /** What is charged with the time of a batch's commands. */
  operatingOf: NonNullable<PortalOptions['operatingOf']>;
  requestLimitMs: number;
  private state: RestError | null = null;
  private serving = 0;
  private readonly unknownEvents: ReadonlySet<string>;
  private readonly errorPages: ReadonlySet<number>;
  private readonly selfHosted: boolean;
  private readonly connectorRefusal: NonNullable<PortalOptions['connectorRefusal']>;

  constructor(
    options: PortalOptions,
    private readonly around: ServiceParts,
  ) {
    this.serviceTimeMs = options.serviceTimeMs ?? 0;
    this.serviceTimePerRowMs = options.serviceTimePerRowMs ?? 0;
    this.serviceTimePerPageMs = options.serviceTimePerPageMs ?? 0;
    this.operatingOf = options.operatingOf ?? 'command';
    this.requestLimitMs = options.requestLimitMs ?? 60_000;
    this.selfHosted = options.selfHosted ?? false;
    this.installed = options.interface !== true;
    const answer = options.featureAnswer ?? (this.selfHosted ? 'en_selfhosted' : undefined);
    this.features = { extended: options.extended ?? true, connector: options.connector ?? true, answer };
    const unlimited = this.selfHosted ? Infinity : null;
    this.bucket = new LeakyBucket(around.now, options.ratePerSecond ?? 2, options.burst ?? unlimited ?? 50);
    this.operating = new OperatingTime(around.now, options.operatingLimitSeconds ?? unlimited ?? 420);
    this.connectorRefusal = options.connectorRefusal ?? 'request';
    this.unknownEvents = new Set(options.unknownEvents ?? []);
    this.errorPages = new Set(options.errorPages ?? []);
  }

  get paid(): boolean {
    return this.state?.code !== 'PAYMENT_REQUIRED';
  }

  /** @throws Error for an unknown state */
  setState(state: ServiceState): void {
    if (typeof state === 'object') {
      this.state = new RestError(state.status, state.error, state.description ?? state.error);
    } else if (state === 'active') {
      this.state = null;
    } else if (isSuspendedState(state)) {
      this.state = suspension(state);
    } else {
      throw new Error(`Unknown state of a portal: ${String(state)}`);
    }
  }

  /** Answers one REST request; every effect it has happens in here. */
  async handle(request: RestRequest): Promise<RestAnswer> {
    this.received(request.method);
    if (this.serving > 0) this.counters.overlaps += 1;
    this.serving += 1;
    try {
      return { status: 200, body: await this.answer(request) };
    } catch (error) {
      if (error instanceof RequestCut) {
        this.refused({ code: 'CUT' });
        return { status: 504, body: TIMEOUT_PAGE };
      }
      if (!(error instanceof RestError)) throw error;
      this.refused(error);
      const { status } = error;
      return { status, body: this.errorPages.has(status) ? ERROR_PAGE : error.toJSON() };
    } finally {
      this.serving -= 1;
    }
  }

  private async answer(request: RestRequest): Promise<unknown> {
    const { method, params } = request;
    if (this.state) throw this.state;
    if (!this.bucket.admit()) throw new RestError(503, 'QUERY_LIMIT_EXCEEDED', 'Too many requests');
    if (!isKnownMethod(method)) throw new RestError(404, 'ERROR_METHOD_NOT_FOUND', 'Method not found!');
    const caller = this.authenticate(request);
    const time = new RequestTime(this.requestLimitMs);
    if (method === 'batch') return this.batch(params, caller, time);
    const context = this.context(caller, this.serviceTimeMs, time);
    return this.execute(method, params, context, { shareMs: this.serviceTimeMs, time, charged: method });
  }

  private async batch(params: PhpArray, caller: Caller, time: RequestTime): Promise<unknown> {
    const start = this.around.now();
    if (this.operatingOf === 'batch') this.requireOperatingTime('batch');
    const commands = batchCommands(params);
    const halt = phpBool(phpGet(changeKeyCase(params, 'upper'), 'HALT'));
    const share = this.serviceTimeMs / Math.max(1, commands.length);
    if (commands.length === 0) await time.spend(share);
    const context = this.context(caller, share, time);
    const result = await runBatch(commands, halt, async (name, query) => {
      const cost = { shareMs: share, time, charged: this.operatingOf === 'batch' ? 'batch' : name };
      this.count(name);
      try {
        const fault = takeFault(this.around.faults, [name], (f) => f.kind === 'error' && f.method !== '*');
        if (fault === null) return await this.execute(name, query, context, cost);
        if (commits(fault)) await this.execute(name, query, context, cost);
        const { status = 500, error = 'INTERNAL_SERVER_ERROR', description = 'Injected fault' } = fault;
        throw new RestError(status, error, description);
      } catch (error) {
        if (error instanceof RestError) this.refused(error);
        throw error;
      }
    });
    return { result, time: this.time('batch', start, (this.around.now() - start) / 1000) };
  }

  /** @throws RestError when the caller has no valid token or webhook */
  private authenticate({ params, webhook, authorization }: RestRequest): Caller {
    if (webhook) {
      const { userId, secret } = this.around.webhook;
      if (webhook.userId !== userId || webhook.secret !== secret) {
        throw new RestError(401, 'INVALID_CREDENTIALS', 'Invalid request credentials');
      }
      return { clientId: null, userId: USER_ID, connector: '' };
    }
    const accessToken = accessTokenOf(params, authorization);
    if (accessToken === '') throw new RestError(401, 'NO_AUTH_FOUND', 'Wrong authorization data');
    const { application, userId } = this.around.authorize(accessToken);
    const connector = phpGet(params, 'auth_connector');
    if (this.connectorRefusal === 'request') requireConnectorFeature(connector, this.features);
    return { clientId: application.clientId, userId, connector: phpString(connector) };
  }

  private context(caller: Caller, shareMs: number, time: RequestTime): CallContext {
    const application = this.around.applications.of(caller.clientId);
    return {
      caller,
      administrator: this.around.users.isAdministrator(caller.userId),
      scope: { appId: application.id, connector: caller.connector },
      features: this.features,
      installed: this.installed,
      queue: this.around.queue,
      bindings: application.bindings,
      objects: this.around.objects,
      knowsEvent: (event) => !this.unknownEvents.has(event),
      time: () => formatTimestamp(Math.floor(this.around.now() / 1000), this.around.utcOffset),
      serve: () => time.spend(shareMs),
    };
  }

  private async execute(
    method: string,
    params: PhpArray,
    context: CallContext,
    { shareMs, time, charged }: Cost,
  ): Promise<Omit<MethodAnswer, 'rows' | 'pages'> & { time: unknown }> {
    this.requireOperatingTime(method);
    const start = this.around.now();
    const { rows = 0, pages = 0, ...answer } = await callMethod(method, params, context);
    const extra = rows * this.serviceTimePerRowMs + pages * this.serviceTimePerPageMs;
    const seconds = (shareMs + extra) / 1000;
    this.operating.add(charged, seconds);
    await time.spend(extra);
    return { ...answer, time: this.time(method, start, seconds) };
  }

  /** @throws RestError 429 where a method has used up its execution time */
  private requireOperatingTime(method: string): void {
    if (this.operating.isExhausted(method)) {
      throw new RestError(429, 'OPERATION_TIME_LIMIT', 'Method is blocked due to operation time limit.');
    }
  }

  private time(method: string, start: number, processing: number): Record<string, unknown> {
    const finish = this.around.now();
    const seconds = (ms: number) => (this.selfHosted ? Math.floor(ms / 1000) : ms / 1000);
    const times = {
      start: seconds(start),
      finish: seconds(finish),
      duration: (finish - start) / 1000,
      processing,
      date_start: formatTimestamp(Math.floor(start / 1000), this.around.utcOffset),
      date_finish: formatTimestamp(Math.floor(finish / 1000), this.around.utcOffset),
    };
    if (this.selfHosted) return times;
    return {
      ...times,
      operating_reset_at: this.operating.resetAt(method),
      operating: this.operating.operating(method),
    };
  }

  /** Counts a request. */
  received(method: string): void {
    this.counters.requests += 1;
    this.count(method);
  }

  /** Counts a refusal. */
  refused({ code }: { readonly code: string }): void {
    this.counters.refusals[code] = (this.counters.refusals[code] ?? 0) + 1;
  }

  private count(method: string): void {
    this.counters.perMethod[method] = (this.counters.perMethod[method] ?? 0) + 1;
  }
}

/** The names under which a request may meet a fault: its method and, for a batch, those of its commands. */
export function faultNames({ method, params }: RestRequest): string[] {
  if (method !== 'batch') return [method];
  try {
    return [method, ...batchCommands(params).map(([, command]) => commandMethod(command))];
  } catch (error) {
    if (error instanceof RestError) return [method];
    throw error;
  }
}
