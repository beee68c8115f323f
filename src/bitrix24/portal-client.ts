import { type HttpService } from '@nestjs/axios';
import { type AnswerLimits, DEFAULT_PAGE, SMALL_ANSWER } from './answer-limits.js';
import { AnswerClock } from './answer-time.js';
import { Authorization, refusesToken } from './authorization.js';
import { encodeBatch, isFailed, isMethodName, parseBatchAnswer, type BatchCommand } from './batch.js';
import { IDLE_CONNECTION_MS } from './connections.js';
import { classifyPortalError } from './error-table.js';
import {
  AuthorizationUnavailable,
  OutcomeUnknown,
  PortalError,
  PortalMisconfigured,
  PortalNotAllowed,
  PortalThrottled,
  RequestCancelled,
  RequestRefused,
  UnreadableAnswer,
} from './errors.js';
import { textOf, wholeNumber } from './json-values.js';
import { MovedPortal } from './moved-portal.js';
import { type BatchAnswer, type CallAnswer, type CallOptions, type RequestReport } from './portal-call.js';
import { type BudgetReport, type RateBudget } from './rate-budget.js';
import { REDIRECTED } from './redirect.js';
import { checkedAddress, notPermitted, sendRequest, withoutSecrets } from './send-request.js';
import { type TokenSource } from './token-source.js';

export interface PortalClientOptions {
  tokens: TokenSource;
  budget: RateBudget;
  http: HttpService;
  /** Milliseconds for a request. The portal cuts one at 60 s, so above that nothing of it is still running. */
  timeoutMs?: number;
  /** What the answer to a batch may be, which carries events; 10 MiB by default. */
  answers?: AnswerLimits;
  /** Source key: the portal's methods see only what was bound with the same one. */
  authConnector?: string | undefined;
  allowHttp?: boolean;
  /** Asked right before a request leaves: whether we may still act on the portal. */
  permitted?: () => boolean;
  observer?: (report: RequestReport) => void;
}

/** Commands of a batch, and the same in the form in which they are sent. */
interface ChosenCommands {
  readonly commands: readonly BatchCommand[];
  readonly cmd: Readonly<Record<string, string>>;
}

const DEFAULT_TIMEOUT_MS = 65_000;

/**
 * Calls one portal's REST methods, within its rate budget. A call is one HTTP request and is never repeated by
 * itself, with one exception: a request whose token was refused ran nothing, so it is sent once more with a renewed
 * one. Repeating `event.offline.get` after a lost answer would reserve batches that the bridge does not know.
 *
 * Every failure is a PortalError, save what the token source's store throws. A call that is not permitted any more is
 * a RequestCancelled with the code `NOT_OURS`.
 */
export class PortalClient {
  private readonly clock = new AnswerClock();
  private readonly authorization: Authorization;
  private readonly moved: MovedPortal;
  /** When the last request ended, `performance.now()`; at first as if just now, since others follow a first one. */
  private lastEndedAt = performance.now();

  constructor(private readonly options: PortalClientOptions) {
    this.authorization = new Authorization(options.tokens, options.permitted);
    this.moved = new MovedPortal(options.tokens, (method) => this.address(method));
  }

  /** The same portal under another source key ('' for none), within the same budget and with the same tokens. */
  under(authConnector: string): PortalClient {
    if (authConnector === (this.options.authConnector ?? '')) return this;
    return new PortalClient({ ...this.options, authConnector });
  }

  /** What is used of the portal's request budget, by whatever calls it within this process. */
  budgetReport(): BudgetReport {
    return this.options.budget.report();
  }

  /** Calls one method with JSON parameters. */
  async call(
    method: string,
    params: Readonly<Record<string, unknown>>,
    options: CallOptions = {},
  ): Promise<CallAnswer> {
    if (!isMethodName(method)) throw notSent('call', 'not a method name');
    const body = await this.send(method, () => params, options);
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
    const chosen = { commands, cmd: encodeBatch(commands) };
    return this.batchOf(() => chosen, options);
  }

  /**
   * The same for commands that are chosen at the last moment, when the rate budget has room for the request.
   * @param choose asked once; what it throws, this throws, and then nothing was sent
   */
  async lateBatch(choose: () => readonly BatchCommand[], options: CallOptions = {}): Promise<BatchAnswer> {
    let chosen: ChosenCommands | null = null;
    const choice = () => {
      if (chosen !== null) return chosen;
      const commands = choose();
      return (chosen = { commands, cmd: encodeBatch(commands) });
    };
    return this.batchOf(choice, options);
  }

  private async batchOf(
    choice: () => ChosenCommands,
    options: CallOptions & { halt?: boolean },
  ): Promise<BatchAnswer> {
    const halt = options.halt === true;
    const params = () => ({ halt: halt ? 1 : 0, cmd: choice().cmd });
    const body = await this.send('batch', params, options);
    const { commands } = choice();
    const time = this.clock.read('batch', body['time']);
    const { times, resets } = this.clock.readCommands(commands, body['result']);
    const results = parseBatchAnswer(body, commands, { halt, resets });
    for (const outcome of results.values()) {
      if (isFailed(outcome) && refusesToken(outcome.error)) this.authorization.doubt();
    }
    return { results, time, times };
  }

  private async send(
    method: string,
    params: () => Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Promise<Record<string, unknown>> {
    let sentWith = '';
    try {
      const send = (token: string) => {
        sentWith = token;
        return this.sendOnce(method, params, token, options);
      };
      return await this.authorization.run(method, send, options.cut);
    } catch (error) {
      if (!(error instanceof PortalMisconfigured) || error.code !== REDIRECTED) throw error;
      throw await this.moved.explain(error, method, sentWith, () => this.assertPermitted(method));
    }
  }

  private async sendOnce(
    method: string,
    params: () => Readonly<Record<string, unknown>>,
    token: string,
    options: CallOptions,
  ): Promise<Record<string, unknown>> {
    const { http, budget, timeoutMs, answers } = this.options;
    const url = this.address(method) + method;
    await this.waitForRoom(method, options);
    this.assertPermitted(method);
    const given = params();
    const startedAt = performance.now();
    // A portal that is asked rarely would only hold a connection open that is closed before the next request.
    const rare = startedAt - this.lastEndedAt > IDLE_CONNECTION_MS;
    let outcome: RequestReport['outcome'] = 'ok';
    try {
      const { status, body } = await sendRequest(http, {
        name: method,
        verb: 'POST',
        url,
        body: this.body(method, given, token),
        timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS,
        connection: rare ? 'fresh' : 'kept',
        limits:
          method === 'batch' || (answers?.bytes ?? Infinity) < SMALL_ANSWER.bytes
            ? (options.answers ?? answers ?? DEFAULT_PAGE)
            : SMALL_ANSWER,
        share: options.share,
        large: options.large,
        cut: options.cut,
        ...(this.options.permitted === undefined ? {} : { permitted: this.options.permitted }),
      });
      const error = this.errorIn(status, body, method, token);
      if (!(error instanceof PortalThrottled)) budget.succeeded();
      if (error !== null) throw error;
      return body;
    } catch (thrown) {
      const error = hidden401(thrown) ?? thrown;
      outcome = error instanceof PortalError ? error.action : 'bug';
      this.slowDown(error, method);
      throw error;
    } finally {
      this.lastEndedAt = performance.now();
      this.options.observer?.({ method, outcome, durationMs: this.lastEndedAt - startedAt });
    }
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
    if ((given === undefined || given === null) && status !== 401) {
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

  private async waitForRoom(method: string, { signal, cut, beside }: CallOptions): Promise<void> {
    const { budget } = this.options;
    const signals = [signal, cut].filter((given) => given !== undefined);
    // Most requests do not wait, and to join signals for them would cost more than the rest of this.
    if (beside !== true && signals.every((given) => !given.aborted) && budget.tryAcquire()) return;
    const any = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    try {
      await (beside === true ? budget.acquireBeside(any) : budget.acquire(any));
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
      if (error instanceof PortalNotAllowed) throw error;
      const why = error instanceof TypeError ? error.message : 'it is not known';
      throw new PortalMisconfigured({
        method,
        code: 'ENDPOINT_REFUSED',
        description: `the portal's address: ${why}`,
      });
    }
  }
}

/**
 * A web server before a portal may put a page of its own in the place of what the portal said: then the status alone
 * tells that the token was refused. Null for anything else.
 */
function hidden401(error: unknown): AuthorizationUnavailable | null {
  if (!(error instanceof OutcomeUnknown) || error.status !== 401) return null;
  const { method, code, status, description, executed } = error;
  return new AuthorizationUnavailable({ method, code, status, description, executed });
}

function notSent(method: string, description: string): RequestRefused {
  return new RequestRefused({ method, code: 'NOT_SENT', description });
}
