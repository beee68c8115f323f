import { type HttpService } from '@nestjs/axios';
import { AnswerClock, type AnswerTime } from './answer-time.js';
import {
  encodeBatch,
  isMethodName,
  parseBatchAnswer,
  type BatchCommand,
  type CommandOutcome,
  type CommandResult,
} from './batch.js';
import { IDLE_CONNECTION_MS } from './connections.js';
import { classifyPortalError } from './error-table.js';
import {
  OutcomeUnknown,
  PortalError,
  PortalMisconfigured,
  PortalThrottled,
  PortalUnauthorized,
  PortalUnreachable,
  RequestCancelled,
  RequestRefused,
  TokenExpired,
  UnreadableAnswer,
  type PortalAction,
} from './errors.js';
import { textOf, wholeNumber } from './json-values.js';
import { type RateBudget } from './rate-budget.js';
import { checkedAddress, notPermitted, REDIRECTED, sendRequest, withoutSecrets } from './request.js';
import { type TokenSource } from './token-source.js';

/** One HTTP request to a portal, for metrics. */
export interface RequestReport {
  method: string;
  /** `ok`, or what the error asks for. */
  outcome: 'ok' | PortalAction;
  durationMs: number;
}

export interface PortalClientOptions {
  tokens: TokenSource;
  budget: RateBudget;
  http: HttpService;
  /** Milliseconds for a request. The portal cuts one at 60 s, so above that nothing of it is still running. */
  timeoutMs?: number;
  maxAnswerBytes?: number;
  /** Source key: the portal's methods see only what was bound with the same one. */
  authConnector?: string | undefined;
  allowHttp?: boolean;
  /** Asked right before a request leaves: whether we may still act on the portal. */
  permitted?: () => boolean;
  observer?: (report: RequestReport) => void;
}

export interface CallOptions {
  /** Ends the wait for room in the rate budget; a request under way goes on. */
  signal?: AbortSignal;
  /** Cuts off a request under way as well, which leaves its outcome unknown. */
  cut?: AbortSignal;
}

export interface CallAnswer extends CommandResult {
  time: AnswerTime;
}

export interface BatchAnswer {
  /** One outcome for every command, in the order of the commands. */
  results: Map<string, CommandOutcome>;
  time: AnswerTime;
  /** The same of every command, by name. */
  times: ReadonlyMap<string, AnswerTime>;
}

/** The authorization server blocks callers that ask it all the time. */
const ASK_AGAIN_MS = 3_600_000;
const DEFAULT_TIMEOUT_MS = 65_000;
const DEFAULT_MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * Calls one portal's REST methods, within its rate budget. A call is one HTTP request and is never repeated by
 * itself, with one exception: a request refused for an expired token ran nothing, so it is sent once more with a
 * renewed one. Repeating `event.offline.get` after a lost answer would reserve batches that nobody knows.
 *
 * Every failure is a PortalError, save what the token source's store throws. A call that is not permitted any more is
 * a RequestCancelled with the code `NOT_OURS`.
 */
export class PortalClient {
  private readonly clock = new AnswerClock();
  /** When the authorization server may be asked again where a portal is that redirects; `performance.now()`. */
  private askAgainAt = 0;
  /** When the last request ended, `performance.now()`; at first as if just now, since others follow a first one. */
  private lastEndedAt = performance.now();

  constructor(private readonly options: PortalClientOptions) {}

  get memberId(): string {
    return this.options.tokens.memberId;
  }

  /** Calls one method with JSON parameters. */
  async call(
    method: string,
    params: Readonly<Record<string, unknown>>,
    options: CallOptions = {},
  ): Promise<CallAnswer> {
    if (!isMethodName(method)) throw notSent('call', 'not a method name');
    const body = await this.send(method, params, options);
    if (!('result' in body)) throw new UnreadableAnswer(method, 'neither result nor error', 200);
    return {
      result: body['result'],
      next: wholeNumber(body['next']),
      total: wholeNumber(body['total']),
      time: this.clock.read(method, body['time']),
    };
  }

  /**
   * Runs up to 50 commands in order, as one request. A failed command is an outcome, not an error; this throws
   * only where the batch as a whole has no answer.
   *
   * @param options.halt the portal stops at the first failed command
   */
  async batch(
    commands: readonly BatchCommand[],
    options: CallOptions & { halt?: boolean } = {},
  ): Promise<BatchAnswer> {
    const halt = options.halt === true;
    const body = await this.send('batch', { halt: halt ? 1 : 0, cmd: encodeBatch(commands) }, options);
    const time = this.clock.read('batch', body['time']);
    const { times, resets } = this.clock.readCommands(commands, body['result']);
    const results = parseBatchAnswer(body, commands, { halt, resets });
    return { results, time, times };
  }

  private async send(
    method: string,
    params: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Promise<Record<string, unknown>> {
    const token = await this.authorization(method, this.options.tokens.accessToken());
    try {
      return await this.sendOnce(method, params, token, options);
    } catch (error) {
      if (error instanceof PortalError && error.code === REDIRECTED) {
        throw await this.whereabouts(error, method, token);
      }
      if (!(error instanceof TokenExpired)) throw error;
      this.assertPermitted(method);
      const renewed = await this.authorization(method, this.options.tokens.renew(token));
      return await this.sendOnce(method, params, renewed, options);
    }
  }

  private async sendOnce(
    method: string,
    params: Readonly<Record<string, unknown>>,
    token: string,
    options: CallOptions,
  ): Promise<Record<string, unknown>> {
    const { http, budget, timeoutMs, maxAnswerBytes } = this.options;
    const url = this.address(method) + method;
    await this.waitForRoom(method, options);
    this.assertPermitted(method);
    const startedAt = performance.now();
    // A portal that is asked rarely would only hold a connection open that is closed before the next request.
    const rare = startedAt - this.lastEndedAt > IDLE_CONNECTION_MS;
    let outcome: RequestReport['outcome'] = 'ok';
    try {
      const { status, body } = await sendRequest(http, {
        name: method,
        verb: 'POST',
        url,
        body: this.body(method, params, token),
        timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS,
        connection: rare ? 'fresh' : 'kept',
        maxAnswerBytes: maxAnswerBytes ?? DEFAULT_MAX_ANSWER_BYTES,
        cut: options.cut,
        ...(this.options.permitted === undefined ? {} : { permitted: this.options.permitted }),
      });
      const error = this.errorIn(status, body, method, token);
      if (!(error instanceof PortalThrottled)) budget.succeeded();
      if (error !== null) throw error;
      return body;
    } catch (error) {
      outcome = error instanceof PortalError ? error.action : 'bug';
      this.slowDown(error, method);
      throw error;
    } finally {
      this.lastEndedAt = performance.now();
      this.options.observer?.({ method, outcome, durationMs: this.lastEndedAt - startedAt });
    }
  }

  /**
   * A portal that was given another address redirects from the former one. Where to is not believed: the authorization
   * server knows, and says so with new tokens. The request is not repeated.
   * @returns what to throw: the redirect, or that the portal has moved
   */
  private async whereabouts(redirect: PortalError, method: string, token: string): Promise<PortalError> {
    const now = performance.now();
    if (now < this.askAgainAt) return redirect;
    this.assertPermitted(method);
    const former = this.address(method);
    try {
      await this.options.tokens.renew(token);
    } catch (error) {
      if (error instanceof PortalUnauthorized) throw error;
      return redirect;
    }
    this.askAgainAt = now + ASK_AGAIN_MS;
    const present = this.address(method);
    if (present === former) return redirect;
    const description = `the portal has moved from ${new URL(former).host} to ${new URL(present).host}`;
    return new OutcomeUnknown({ method, code: 'MOVED', status: redirect.status, description });
  }

  private body(method: string, params: Readonly<Record<string, unknown>>, token: string): string {
    const connector = this.options.authConnector;
    try {
      return JSON.stringify({
        ...params,
        auth: token,
        ...(connector === undefined || connector === '' ? {} : { auth_connector: connector }),
      });
    } catch {
      throw notSent(method, 'the parameters are not JSON');
    }
  }

  private errorIn(
    status: number,
    body: Record<string, unknown>,
    method: string,
    token: string,
  ): PortalError | null {
    const given = body['error'];
    if (status === 200 && (given === undefined || given === null)) return null;
    if (given === undefined || given === null) {
      return new UnreadableAnswer(method, 'a status without an error', status);
    }
    const code = withoutSecrets(textOf(given), [token]);
    const description = withoutSecrets(textOf(body['error_description']), [token]);
    const until = this.clock.resetOf(method, body['time']);
    return classifyPortalError(status, code, description, method, until);
  }

  private slowDown(error: unknown, method: string): void {
    if (!(error instanceof PortalThrottled)) return;
    if (error.until === null) this.options.budget.throttled();
    // One method without time leaves the others theirs; a refused batch is all that we send.
    else if (method === 'batch') this.options.budget.blockUntil(error.until);
  }

  private async waitForRoom(method: string, { signal, cut }: CallOptions): Promise<void> {
    const signals = [signal, cut].filter((given) => given !== undefined);
    // Most requests do not wait, and to join signals for them would cost more than the rest of this.
    if (signals.every((given) => !given.aborted) && this.options.budget.tryAcquire()) return;
    const any = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    try {
      await this.options.budget.acquire(any);
    } catch (error) {
      if (any?.aborted !== true) throw error;
      throw new RequestCancelled({ method, code: 'CANCELLED', description: 'while waiting for its turn' });
    }
  }

  private assertPermitted(method: string): void {
    if (this.options.permitted?.() === false) throw new RequestCancelled(notPermitted(method));
  }

  private address(method: string): string {
    try {
      return checkedAddress(this.options.tokens.endpoint(), this.options.allowHttp === true);
    } catch (error) {
      const why = error instanceof TypeError ? error.message : 'it is not known';
      throw new PortalMisconfigured({
        method,
        code: 'ENDPOINT_REFUSED',
        description: `the portal's address: ${why}`,
      });
    }
  }

  /** Whatever became of a token request, the method itself did not run. */
  private async authorization(method: string, token: Promise<string>): Promise<string> {
    try {
      return await token;
    } catch (error) {
      if (!(error instanceof PortalError) || error.executed === 'no') throw error;
      throw new PortalUnreachable({
        method,
        code: error.code,
        status: error.status,
        description: `no access token: ${error.message}`,
      });
    }
  }
}

function notSent(method: string, description: string): RequestRefused {
  return new RequestRefused({ method, code: 'NOT_SENT', description });
}
