import { commandMethod, runBatch } from './batch.js';
import { type Bindings } from './bindings.js';
import { takeFault, type FaultSet } from './faults.js';
import { LeakyBucket, OperatingTime } from './limits.js';
import {
  batchCommands,
  callMethod,
  isKnownMethod,
  requireConnectorFeature,
  type CallContext,
  type Features,
  type MethodAnswer,
} from './methods.js';
import { DEFAULT_SCOPE, type OfflineQueue } from './offline-queue.js';
import { changeKeyCase, phpBool, phpGet, phpString, type PhpArray } from './php.js';
import { formatTimestamp } from './portal-clock.js';
import { type PortalOptions } from './portal-options.js';
import { RequestCut, RequestTime } from './request-time.js';
import { isSuspendedState, RestError, suspension, type SuspendedState } from './rest-error.js';

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
  readonly webhook: boolean;
}

export interface RestAnswer {
  readonly status: number;
  /** A text is a page, anything else JSON. */
  readonly body: unknown;
}

const TIMEOUT_PAGE = '<!DOCTYPE html><html><head><title>504 Gateway Time-out</title></head></html>';

export type PortalState = 'active' | SuspendedState | { status: number; error: string; description?: string };

/** What the desk serves from. */
export interface DeskSurroundings {
  readonly now: () => number;
  readonly queue: OfflineQueue;
  readonly bindings: Bindings;
  /** Faults that may hit a single command, the portal's own first. */
  readonly faults: readonly FaultSet[];
  readonly utcOffset: string;
  /** @throws RestError 401 */
  readonly authorize: (accessToken: string) => void;
}

interface Caller {
  readonly webhook: boolean;
  readonly connector: string;
}

/** Where a portal answers REST requests: its state, limits and features, and the order of its checks. */
export class RestDesk {
  readonly counters: Counters = { requests: 0, perMethod: {}, refusals: {}, tokenRequests: 0, overlaps: 0 };
  readonly features: Features;
  readonly bucket: LeakyBucket;
  readonly operating: OperatingTime;
  administrator: boolean;
  serviceTimeMs: number;
  serviceTimePerRowMs: number;
  requestLimitMs: number;
  private state: RestError | null = null;
  private serving = 0;
  private readonly unknownEvents: ReadonlySet<string>;

  constructor(
    options: PortalOptions,
    private readonly around: DeskSurroundings,
  ) {
    this.administrator = options.administrator ?? true;
    this.serviceTimeMs = options.serviceTimeMs ?? 0;
    this.serviceTimePerRowMs = options.serviceTimePerRowMs ?? 0;
    this.requestLimitMs = options.requestLimitMs ?? 60_000;
    this.features = { extended: options.extended ?? true, connector: options.connector ?? true };
    this.bucket = new LeakyBucket(around.now, options.ratePerSecond ?? 2, options.burst ?? 50);
    this.operating = new OperatingTime(around.now, options.operatingLimitSeconds ?? 420);
    this.unknownEvents = new Set(options.unknownEvents ?? []);
  }

  get paid(): boolean {
    return this.state?.code !== 'PAYMENT_REQUIRED';
  }

  /** @throws Error for an unknown state */
  setState(state: PortalState): void {
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
      return { status: error.status, body: error.toJSON() };
    } finally {
      this.serving -= 1;
    }
  }

  private async answer({ method, params, webhook }: RestRequest): Promise<unknown> {
    if (this.state) throw this.state;
    if (!this.bucket.admit()) throw new RestError(503, 'QUERY_LIMIT_EXCEEDED', 'Too many requests');
    if (!isKnownMethod(method)) throw new RestError(404, 'ERROR_METHOD_NOT_FOUND', 'Method not found!');
    const caller = { webhook, connector: this.authenticate(params, webhook) };
    const time = new RequestTime(this.requestLimitMs);
    if (method === 'batch') return this.batch(params, caller, time);
    const context = this.context(caller, this.serviceTimeMs, time);
    return this.execute(method, params, context, this.serviceTimeMs, time);
  }

  private async batch(params: PhpArray, caller: Caller, time: RequestTime): Promise<unknown> {
    const start = this.around.now();
    const commands = batchCommands(params);
    const halt = phpBool(phpGet(changeKeyCase(params, 'upper'), 'HALT'));
    const share = this.serviceTimeMs / Math.max(1, commands.length);
    if (commands.length === 0) await time.spend(share);
    const context = this.context(caller, share, time);
    const result = await runBatch(commands, halt, async (name, query) => {
      this.count(name);
      try {
        this.failCommand(name);
        return await this.execute(name, query, context, share, time);
      } catch (error) {
        if (error instanceof RestError) this.refused(error);
        throw error;
      }
    });
    return { result, time: this.time('batch', start, (this.around.now() - start) / 1000) };
  }

  private failCommand(name: string): void {
    const fault = takeFault(this.around.faults, [name], (f) => f.kind === 'error' && f.method !== '*');
    if (!fault) return;
    const { status = 500, error = 'INTERNAL_SERVER_ERROR', description = 'Injected fault' } = fault;
    throw new RestError(status, error, description);
  }

  /** @throws RestError when nobody valid asks. @returns the source key */
  private authenticate(params: PhpArray, webhook: boolean): string {
    const connector = phpGet(params, 'auth_connector');
    if (!webhook) {
      const accessToken = phpString(phpGet(params, 'auth') ?? phpGet(params, 'access_token'));
      if (accessToken === '') throw new RestError(401, 'NO_AUTH_FOUND', 'Wrong authorization data');
      this.around.authorize(accessToken);
    }
    requireConnectorFeature(connector, this.features);
    return phpString(connector);
  }

  private context({ webhook, connector }: Caller, shareMs: number, time: RequestTime): CallContext {
    return {
      authType: webhook ? 'webhook' : 'oauth',
      administrator: this.administrator,
      scope: { appId: DEFAULT_SCOPE.appId, connector },
      features: this.features,
      queue: this.around.queue,
      bindings: this.around.bindings,
      knowsEvent: (event) => !this.unknownEvents.has(event),
      serve: () => time.spend(shareMs),
    };
  }

  private async execute(
    method: string,
    params: PhpArray,
    context: CallContext,
    shareMs: number,
    requestTime: RequestTime,
  ): Promise<Omit<MethodAnswer, 'rows'> & { time: unknown }> {
    if (this.operating.isExhausted(method)) {
      throw new RestError(429, 'OPERATION_TIME_LIMIT', 'Method is blocked due to operation time limit.');
    }
    const start = this.around.now();
    const { rows = 0, ...answer } = await callMethod(method, params, context);
    const extra = rows * this.serviceTimePerRowMs;
    const seconds = (shareMs + extra) / 1000;
    this.operating.add(method, seconds);
    await requestTime.spend(extra);
    return { ...answer, time: this.time(method, start, seconds) };
  }

  private time(method: string, start: number, processing: number): Record<string, unknown> {
    const finish = this.around.now();
    return {
      start: start / 1000,
      finish: finish / 1000,
      duration: (finish - start) / 1000,
      processing,
      date_start: formatTimestamp(Math.floor(start / 1000), this.around.utcOffset),
      date_finish: formatTimestamp(Math.floor(finish / 1000), this.around.utcOffset),
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
