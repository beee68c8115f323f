import { type AnswerMemory } from '../../bitrix24/answer-memory.js';
import { type BatchCommand, type CommandOutcome, encodeCommand } from '../../bitrix24/batch.js';
import { OutcomeUnknown, PortalError, RequestCancelled, RequestRefused } from '../../bitrix24/errors.js';
import { type PortalClient } from '../../bitrix24/portal-client.js';
import { type Log } from '../../logging/log.js';
import { reasonOf } from '../../logging/reason.js';
import { WakeableSleep } from '../../timing/wakeable-sleep.js';
import {
  type ListCommand,
  type ListOutcome,
  type ObjectRead,
  PRIORITIES,
  type ReadPriority,
} from './object-read.js';
import { applyResult } from './read-answer.js';
import { costOf, ReadPace } from './read-pace.js';
import { ReadQueue } from './read-queue.js';
import { together } from './read-together.js';
import {
  listRequest,
  type ObjectWork,
  type PlannedCommand,
  type ReadWork,
  requestOf,
  workOf,
} from './read-work.js';

export interface ReaderDependencies {
  readonly portal: {
    readonly name: string;
    /** Whether it may be read at present: it is neither in trouble nor paused by people. */
    mayRead(): boolean;
  };
  /** The one of the portal's rounds, whose budget and tokens it shares. */
  readonly client: Pick<PortalClient, 'lateBatch' | 'budgetReport'>;
  /** For the answers of all portals. */
  readonly answerMemory: AnswerMemory;
  readonly log: Log;
  readonly now?: () => number;
  readonly random?: () => number;
}

/** While the portal may not be read it is looked at again this often, unless it is woken. */
const PAUSED_MS = 5000;
/** So often a command is asked whose answer does not come although it is asked alone. */
const ATTEMPTS = 3;

/**
 * Reads one portal's objects for all who want some, beside its rounds: one request at a time, which gives way to rounds,
 * and a second one while more states of events wait than one can carry. What is wanted goes into the next request when
 * that leaves, most urgent first, up to 50 commands of 50 objects. What fails for a cause that may pass is asked again,
 * more and more slowly, for as long as a caller waits for it.
 */
export class PortalReader {
  private readonly queue = new ReadQueue();
  private readonly pace: ReadPace;
  private readonly pause = new WakeableSleep();
  private readonly stopping = new AbortController();
  private readonly now: () => number;
  /** End the waits for the rate budget when nothing is wanted any more. */
  private readonly waiting = new Set<AbortController>();
  private running: Promise<void> | null = null;
  private second: Promise<void> | null = null;
  private underWay = 0;

  constructor(private readonly deps: ReaderDependencies) {
    this.now = deps.now ?? Date.now;
    this.pace = new ReadPace(deps.random ?? Math.random);
  }

  /** Whether a request is under way. */
  get reading(): boolean {
    return this.underWay > 0;
  }

  /**
   * When the next request may leave at the earliest, Unix ms: now, unless the portal has refused or failed the last ones,
   * its execution time is used up, or it is paused (Infinity: until that ends).
   */
  readableAt(): number {
    if (!this.deps.portal.mayRead() || this.stopping.signal.aborted) return Number.POSITIVE_INFINITY;
    const now = this.now();
    return Math.max(now + this.pace.waitMs(now), this.deps.client.budgetReport().pausedUntil ?? 0);
  }

  /**
   * Reads pages of lists, 50 items each at most.
   * @throws the signal's reason when it aborts first
   */
  list(
    commands: readonly ListCommand[],
    priority: ReadPriority,
    signal: AbortSignal,
  ): Promise<ListOutcome[]> {
    return together<ListCommand, ListOutcome>(commands, signal, (list, settle) => {
      const command = listRequest(list);
      return this.add({ kind: 'list', command, priority, ...NEW, settle });
    });
  }

  /**
   * Reads what these objects are now, each once.
   * @param select names of fields, or `*`
   * @throws the signal's reason when it aborts first
   */
  async objects(
    entityTypeId: number,
    ids: readonly string[],
    select: readonly string[],
    priority: ReadPriority,
    signal: AbortSignal,
  ): Promise<Map<string, ObjectRead>> {
    const once = [...new Set(ids)];
    const reads = await together<string, ObjectRead>(once, signal, (id, settle) =>
      this.add({ kind: 'object', entityTypeId, id, select, priority, ...NEW, settle }),
    );
    return new Map(once.map((id, index) => [id, reads[index] as ObjectRead]));
  }

  /**
   * Reads what one object is now; objects that are wanted together are read together.
   * @returns calls it off
   */
  want(object: Pick<ObjectWork, 'entityTypeId' | 'id' | 'select' | 'priority' | 'settle'>): () => void {
    return this.add({ kind: 'object', ...object, ...NEW });
  }

  /** The portal's state may have changed: whatever went wrong may be gone. */
  wake(): void {
    this.pace.recovered();
    this.pause.wakeIn(0);
  }

  /** Ends everything, a request under way too: nothing that only reads leaves a doubt. What waits is told that it failed. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await Promise.all([this.running, this.second]);
    for (const work of this.queue.clear()) fail(work, stopped());
  }

  /** @returns calls it off */
  private add(work: ReadWork): () => void {
    if (this.stopping.signal.aborted) {
      fail(work, stopped());
      return () => undefined;
    }
    const fault = faultOf(work);
    if (fault !== null) {
      fail(work, fault);
      return () => undefined;
    }
    this.queue.add(work);
    this.running ??= this.run();
    this.readSecond();
    return () => {
      this.queue.cancel(work);
      if (this.queue.size === 0) {
        for (const waiting of this.waiting) waiting.abort();
        this.pause.wakeIn(0);
      }
    };
  }

  private putBack(works: readonly ReadWork[]): void {
    this.queue.putBack(works);
    if (this.queue.size > 0) this.running ??= this.run();
  }

  private async run(): Promise<void> {
    // What is wanted at the same moment goes into the same request.
    await Promise.resolve();
    const { portal } = this.deps;
    while (this.queue.size > 0 && !this.stopping.signal.aborted) {
      const waitMs = portal.mayRead() ? this.pace.waitMs(this.now()) : PAUSED_MS;
      if (waitMs > 0) await this.pause.sleep(waitMs);
      else await this.readOnce(PRIORITIES);
    }
    // In the same moment as the last look into the queue: what comes later starts it anew.
    this.running = null;
  }

  /**
   * Sends a second request while one is under way, where states would fill it. Only states: each is read once at a time,
   * whereas who reads lists goes by their order.
   */
  private readSecond(): void {
    const { pace, queue } = this;
    if (this.second !== null || this.underWay === 0 || pace.failuresInARow > 0) return;
    const { commands, ids } = pace.size;
    if (queue.statesWaiting < commands * ids) return;
    if (pace.waitMs(this.now()) > 0 || !this.deps.portal.mayRead() || this.stopping.signal.aborted) return;
    this.second = this.readOnce(['state']).finally(() => {
      this.second = null;
      this.readSecond();
    });
  }

  private async readOnce(priorities: readonly ReadPriority[]): Promise<void> {
    const { client, answerMemory } = this.deps;
    const share = answerMemory.open();
    const waiting = new AbortController();
    this.waiting.add(waiting);
    let planned: PlannedCommand[] = [];
    let [beganAt, startedAt] = [0, 0];
    const choose = (): BatchCommand[] => {
      planned = this.queue.take(this.pace.size, priorities);
      if (planned.length === 0) throw nothingWanted();
      [beganAt, startedAt] = [this.now(), performance.now()];
      this.underWay += 1;
      this.readSecond();
      return planned.map((one, index) => ({ name: nameOf(index), ...requestOf(one) }));
    };
    try {
      const answer = await client.lateBatch(choose, {
        signal: waiting.signal,
        cut: this.stopping.signal,
        beside: true,
        share,
      });
      const seconds = (performance.now() - startedAt) / 1000;
      this.pace.answered(costOf(answer.times, answer.time, seconds), this.now());
      this.answered(planned, answer.results, beganAt);
      this.told(planned, seconds);
    } catch (error) {
      this.requestFailed(error, planned);
    } finally {
      this.waiting.delete(waiting);
      if (planned.length > 0) this.underWay -= 1;
      share.close();
    }
  }

  private answered(
    planned: readonly PlannedCommand[],
    results: ReadonlyMap<string, CommandOutcome>,
    beganAt: number,
  ): void {
    const again: ReadWork[] = [];
    let failure: PortalError | null = null;
    planned.forEach((one, index) => {
      const result = results.get(nameOf(index));
      if (result === undefined) return;
      const { again: works, failed } = applyResult(one, result, beganAt);
      if (failed === null) again.push(...works);
      else if (failed.action === 'throttle') {
        this.pace.throttled(failed, this.now());
        again.push(...works);
      } else if (passes(failed)) {
        failure = failed;
        again.push(...this.oftenEnough(works, failed));
      } else for (const work of works) fail(work, failed);
    });
    if (failure !== null) this.pace.failed(failure, this.now());
    this.putBack(again);
  }

  private requestFailed(error: unknown, planned: readonly PlannedCommand[]): void {
    const works = planned.flatMap(workOf);
    if (!(error instanceof PortalError)) {
      // The store of the tokens failed: nothing was sent.
      this.putBack(works);
      this.pace.failed(nothingSent(error), this.now());
      return;
    }
    // Nothing is wanted any more, or the portal is another replica's by now.
    if (error instanceof RequestCancelled || this.stopping.signal.aborted) {
      this.putBack(works);
      if (error.code === 'NOT_OURS') this.pace.failed(error, this.now());
      return;
    }
    const lost = error instanceof OutcomeUnknown;
    if (lost) this.pace.tooMuch(planned.length, works.length);
    const nextInMs = this.pace.failed(error, this.now());
    this.deps.log.warn({
      event: 'read.failed',
      portal: this.deps.portal.name,
      reason: error.message,
      commands: planned.length,
      failures: this.pace.failuresInARow,
      nextInMs,
    });
    if (error.action === 'bug') for (const work of works) fail(work, error);
    else this.putBack(lost && works.length === 1 ? this.oftenEnough(works, error) : works);
  }

  /** What was not asked too often yet; the rest is told that it failed. */
  private oftenEnough(works: readonly ReadWork[], error: PortalError): ReadWork[] {
    return works.filter((work) => {
      work.attempts += 1;
      if (work.attempts < ATTEMPTS) return true;
      fail(work, error);
      return false;
    });
  }

  private told(planned: readonly PlannedCommand[], seconds: number): void {
    this.deps.log.debug({
      event: 'read',
      portal: this.deps.portal.name,
      commands: planned.length,
      ms: Math.round(seconds * 1000),
      waiting: this.queue.size,
    });
  }
}

const NEW = { attempts: 0, queued: false, cancelled: false };

const nameOf = (index: number) => `r${index}`;

/** Whether a command that failed may work when it is asked again. */
function passes({ action }: PortalError): boolean {
  return action === 'retry' || action === 'refresh' || action === 'unknown-outcome';
}

function fail(work: ReadWork, error: PortalError): void {
  if (work.cancelled) return;
  if (work.kind === 'list') work.settle({ failed: error });
  else work.settle({ status: 'failed', error });
}

/** What cannot be sent would keep everything else of its request from being sent. */
function faultOf(work: ReadWork): PortalError | null {
  const { method, params } = work.kind === 'list' ? work.command : requestOf({ objects: [work] });
  try {
    encodeCommand(method, params);
    return null;
  } catch (error) {
    if (error instanceof RequestRefused) return error;
    throw error;
  }
}

function stopped(): PortalError {
  return new RequestCancelled({ method: 'batch', code: 'STOPPED', description: 'the reader has stopped' });
}

function nothingWanted(): PortalError {
  return new RequestCancelled({
    method: 'batch',
    code: 'CANCELLED',
    description: 'nothing is wanted any more',
  });
}

function nothingSent(error: unknown): PortalError {
  const description = reasonOf(error);
  return new RequestCancelled({ method: 'batch', code: 'NOT_SENT', description });
}
