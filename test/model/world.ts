import { readReplies } from '../../src/contract/reply.js';
import { subjectPrefix } from '../../src/contract/topics.js';
import { type Database } from '../../src/database/database.js';
import { BatchSize } from '../../src/drain/pacing/batch-size.js';
import { eventEncoder } from '../../src/contract/event-encoder.js';
import { Dispatcher, type PassResult } from '../../src/drain/publishing/dispatcher.js';
import { type PortalIdentity } from '../../src/drain/publishing/page-publisher.js';
import { type RoundReport } from '../../src/drain/loop/loop-dependencies.js';
import { Admission } from '../../src/drain/pacing/admission.js';
import { PortalLoop } from '../../src/drain/loop/portal-loop.js';
import { type LedgerSettings } from '../../src/ledger/ledger.js';
import { NO_REPLY } from '../../src/ledger/late-success.js';
import { type Log } from '../../src/logging/log.js';
import { answeredUnder, keysToFinish, type SourceKeys } from '../../src/portals/source-keys.js';
import { type BrokerMood, BrokerStandIn, DEAD, EVENTS, type Received } from './broker-stand-in.js';
import { InterruptibleLedger } from './interruptible-ledger.js';
import { Broken, Oracle } from './oracle.js';
import { type Marks, PortalLine, type RoundFault } from './portal-line.js';
import { PortalStandIn } from './portal-stand-in.js';
import { type ReplyKind, replyMessage } from './reply-message.js';
import { ReplyQueue } from './reply-queue.js';

/** What happens to a pass of the dispatcher beyond the broker's mood. */
export type PassFault = 'none' | 'crash' | 'ledger';

/** Something that happens in the world, alone or in the middle of a round. */
export type Happening = (world: World) => Promise<void>;

export interface WorldOptions {
  readonly extended: boolean;
  readonly settleMode: 'timeout' | 'ack';
  /** Whether the bridge has already looked around when it begins. */
  readonly warm: boolean;
  /** What the consumer says, in the end, of every message that it has not replied to. */
  readonly ending: 'processed' | 'failed';
  /** Whether the portal has a handler to notify of new events; it has one unless told otherwise. */
  readonly notified?: boolean;
}

const SETTINGS = {
  DRAIN_LIMIT: 3,
  DRAIN_MAX_IN_FLIGHT: 12,
  DRAIN_INTERVAL_MS: 5000,
  DRAIN_MAX_INTERVAL_MS: 60_000,
  PORTAL_RECHECK_MS: 300_000,
  FAILURE_BATCH_SIZE: 2,
  FAILURE_BATCH_WAIT_MS: 1000,
  RETRY_MAX_ATTEMPTS: 3,
  RETRY_BASE_DELAY_MS: 30_000,
  RETRY_MAX_DELAY_MS: 120_000,
  SETTLE_AFTER_MS: 60_000,
  LATE_FAILURE_WINDOW_MS: 3_600_000,
  HISTORY_DAYS: 7,
  HISTORY_MAX_EVENTS: 1_000_000,
};
const START = Date.parse('2024-07-18T10:00:00Z');
const MEMBER = 'a223c6b3710f85df22e9377d6c4f7553';
const PORTAL: PortalIdentity = { memberId: MEMBER, name: 'acme', source: 'https://acme.bitrix24.com' };
const silence: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * The bridge's heart, with nothing replaced that decides anything: rounds, dispatcher and ledger over an in-memory
 * database, between a portal and a broker in this process, by one clock that only steps move.
 */
export class World {
  readonly portal: PortalStandIn;
  readonly broker: BrokerStandIn;
  readonly oracle: Oracle;
  brokerUp = true;
  /** Hears of every command and round, for who looks into a counterexample. */
  trace: (line: string) => void = () => undefined;
  /** Batches that the bridge said were reserved by another program. */
  readonly recognized: string[] = [];
  private readonly reservedByOthers = new Set<string>();
  private forgottenTooEarly: Broken | null = null;
  private readonly line: PortalLine;
  private readonly ledger: InterruptibleLedger;
  private time = START;
  /** How far the bridge's clock is set back, ms. */
  private setBack = 0;
  private snapshots = 0;
  /** One for the present source key, and one for each that is to be finished; see `PortalRounds`. */
  private loops: Map<string, PortalLoop>;
  private nextLoop = 0;
  /** The setting. */
  private key = '';
  /** Of the registry. */
  private keys: SourceKeys = { present: '', former: [] };
  /** Under which the portal records changes. */
  private boundKey = '';
  private readonly unboundAt = new Map<string, number>();
  private dispatcher: Dispatcher;
  private readonly replies: ReplyQueue;
  /** Of the registry: what the portal's plan is believed to be. */
  private extended: boolean | null = null;
  private marksFailingSince: number | null = null;
  /** Batches of which it was said that their marks are given up. */
  private readonly givenUp = new Set<string>();

  private constructor(
    database: Database,
    private readonly options: WorldOptions,
  ) {
    this.portal = new PortalStandIn(() => this.time, options.extended);
    this.oracle = new Oracle(() => this.time, this.portal, database, SETTINGS.RETRY_MAX_ATTEMPTS);
    this.broker = new BrokerStandIn((messageId) => this.oracle.delivered(messageId));
    const settings: LedgerSettings = { ...SETTINGS, SETTLE_MODE: options.settleMode };
    this.ledger = new InterruptibleLedger({ database, settings, now: () => this.now() });
    this.ledger.recorded = (deliveries) => {
      for (const { rowId, changedAt } of deliveries)
        this.oracle.published(rowId, `${MEMBER}-${rowId}-${changedAt}`);
    };
    this.line = new PortalLine(
      () => this.time,
      this.portal,
      this.oracle,
      (fault) => (this.ledger.failNextWrite = fault === 'crash' || fault === 'ledger'),
    );
    this.line.trace = (text) => this.trace(text);
    this.replies = new ReplyQueue(SETTINGS.SETTLE_AFTER_MS, () => this.time);
    this.loops = this.newLoops();
    this.dispatcher = this.newDispatcher();
  }

  /** A world of its own on an empty database. */
  static async open(database: Database, options: WorldOptions): Promise<World> {
    for (const table of ['deliveries', 'journal'] as const) await database.db.deleteFrom(table).execute();
    const world = new World(database, options);
    for (let count = 0; count < 3 && options.warm; count += 1) await world.round();
    return world;
  }

  async change(object: number): Promise<void> {
    this.tick();
    const { messageId } = this.portal.queue.push({
      event: 'ONCRMDEALUPDATE',
      data: { FIELDS: { ID: String(object) } },
      connector: this.boundKey,
    });
    this.oracle.changed(messageId);
    await Promise.resolve();
  }

  /** A snapshot of two objects is read and written down. */
  async snapshot(object: number): Promise<void> {
    this.tick();
    const number = ++this.snapshots;
    const since = await this.ledger.lastSeq();
    const inserted = await this.ledger.insertUnheld(
      {
        memberId: MEMBER,
        origin: 'snapshot',
        processId: `snapshot-${number}`,
        routingKey: null,
        events: [object, object + 1].map((id) => ({
          rowId: `s${number}x2x${id}`,
          messageId: `snapshot ${number} of crm.deal/${id}`,
          changedAt: Math.floor(this.now() / 1000),
          event: 'crm.deal.snapshot',
          data: { FIELDS: { ID: String(id) } },
          userId: null,
        })),
      },
      since,
      subjectPrefix,
    );
    for (const messageId of inserted.inserted.keys()) this.oracle.changed(messageId);
  }

  /** The portal notifies us of new events. */
  notify(): void {
    this.loops.get(this.key)?.notified();
  }

  async round(
    fault: RoundFault = 'none',
    before: readonly Happening[] = [],
    meanwhile: readonly Happening[] = [],
  ): Promise<RoundReport> {
    this.tick();
    this.line.fault = fault;
    this.line.before = () => this.happen(before);
    this.line.meanwhile = () => this.happen(meanwhile);
    // In turns, as the loops of a portal do.
    const [key, loop] = [...this.loops][this.nextLoop++ % this.loops.size] ?? [];
    if (key === undefined || loop === undefined) throw new Error('a portal has a loop at least');
    this.line.connector = key;
    const report = await loop.runOnce();
    this.followKeys();
    this.trace(`   ${JSON.stringify(report)} ${JSON.stringify(await this.oracle.deliveries())}`);
    this.ledger.failNextWrite = false;
    const own = this.recognized.filter((processId) => !this.reservedByOthers.has(processId));
    if (own.length > 0)
      throw new Broken(`our own batches ${own.join(', ')} were taken for another program's`);
    if (this.forgottenTooEarly !== null) throw this.forgottenTooEarly;
    if (fault === 'crash') this.crash();
    return report;
  }

  /**
   * The bridge dies and starts again: only the database is left. What it held in doubt dies with it, save what the
   * ledger shows: so a given-up request that had been followed by answered ones is taken to be over by then.
   */
  crash(): void {
    this.line.cut();
    this.replies.restart();
    this.loops = this.newLoops();
    this.dispatcher = this.newDispatcher();
  }

  /** The service starts again with another source key. */
  setKey(key: string): void {
    this.key = key;
    this.crash();
  }

  async dispatch(
    mood: BrokerMood = 'confirm',
    fault: PassFault = 'none',
    early: readonly Happening[] = [],
  ): Promise<PassResult | null> {
    this.tick();
    this.broker.mood = mood;
    let happened = false;
    this.broker.beforeConfirm = async () => {
      if (happened) return;
      happened = true;
      await this.happen(early);
      this.ledger.failNextWrite = fault !== 'none';
    };
    try {
      return await this.dispatcher.pass(PORTAL, () => false);
    } catch (error) {
      if (error instanceof Broken || fault === 'none') throw error;
      return null;
    } finally {
      this.ledger.failNextWrite = false;
      if (fault === 'crash') this.crash();
    }
  }

  /** A consumer replies to one of the messages that it has, counted from the newest. */
  async reply(outcome: 'processed' | 'failed', back: number, kind: ReplyKind = 'single'): Promise<void> {
    const { inbox } = this.broker;
    const received = inbox[inbox.length - 1 - (back % Math.max(inbox.length, 1))];
    if (received === undefined) return;
    this.tick();
    const [reply] = readReplies(replyMessage(received, outcome, kind), 'bitrix24.failures').replies;
    if (reply === undefined) throw new Error(`no reply of kind ${kind}`);
    const { target, outcome: parsed, reason } = reply;
    if (parsed === 'partial') throw new Broken('a whole reply counted as partial');
    this.line.replied();
    const waits = parsed === 'processed' && kind === 'single' && (await this.isAwaited(received));
    await this.replies.put(async () => {
      if (waits) await this.mustNotBeSilence(received);
      const inTime = await this.mustHaveEffect(received, kind, parsed);
      await this.ledger.recordOutcomes([
        {
          memberId: MEMBER,
          processId: target.processId,
          messageIds: target.messageIds,
          attempt: target.attempt,
          outcome: parsed,
          reason,
        },
      ]);
      if (kind !== 'unknown' && kind !== 'earlier_attempt') received.replies += 1;
      if (inTime) this.oracle.failed(received.messageId);
    });
  }

  /** The reply queue is read from now on, or is not. */
  listen(on: boolean): void {
    this.replies.listen(on);
  }

  /** Whether the first word on a delivery comes while its silence is still short. */
  private async isAwaited({ processId, messageId, attempt, replies }: Received): Promise<boolean> {
    const delivery = await this.deliveryOf(processId, messageId);
    if (replies > 0 || this.setBack > 0 || delivery?.attempt !== attempt) return false;
    return delivery.state === 'published' && this.time - delivery.state_at < SETTINGS.SETTLE_AFTER_MS;
  }

  /** However long a reply in time lay in the queue, its delivery has not been taken for silent meanwhile. */
  private async mustNotBeSilence({ processId, messageId, attempt }: Received): Promise<void> {
    if (this.setBack > 0) return;
    const delivery = await this.deliveryOf(processId, messageId);
    const silent = delivery?.attempt === attempt && ['failed', 'marked'].includes(delivery.state);
    if (silent && delivery.reason === NO_REPLY)
      throw new Broken(`${messageId} was taken for silent while its reply lay in the queue`);
  }

  private async deliveryOf(processId: string, messageId: string) {
    return (await this.oracle.deliveries()).find(
      (row) => row.process_id === processId && row.message_id === messageId,
    );
  }

  advance(ms: number): void {
    this.time += ms;
  }

  /** The bridge's clock is set back; the portal's goes on. */
  setClockBack(ms: number): void {
    this.setBack += ms;
  }

  /** Requests whose answers were given up long ago do their work after all. */
  async lateWork(): Promise<void> {
    await this.line.lateWork();
  }

  async byOthers(
    work: (portal: PortalStandIn) => unknown,
    who: 'people' | 'agent' = 'people',
  ): Promise<void> {
    this.tick();
    const { difference } = await this.portal.observe(() => work(this.portal));
    for (const row of difference.reserved) this.reservedByOthers.add(row.PROCESS_ID);
    await this.oracle.byOthers(difference, who);
  }

  setPlan(extended: boolean): void {
    this.portal.extended = extended;
    this.oracle.noMarks();
  }

  /** How the portal treats marks from now on. */
  setMarks(marks: Marks): void {
    this.line.marks = marks;
  }

  async purge(): Promise<void> {
    await this.ledger.purge();
  }

  /**
   * Lets everything run to its end: rounds and passes when they are due, every message answered, time going by.
   * @throws {Broken} where it never rests, or where something is missing at the end
   */
  async settle(): Promise<void> {
    this.brokerUp = true;
    this.listen(true);
    await this.replies.read();
    await this.lateWork();
    for (let cycle = 0; cycle < 15; cycle += 1) {
      await this.runRounds();
      await this.dispatch();
      for (const [index, received] of this.broker.inbox.entries()) {
        if (received.replies === 0)
          await this.reply(this.options.ending, this.broker.inbox.length - 1 - index);
      }
      await this.runRounds();
      await this.oracle.check();
      if (this.keys.former.length === 0 && (await this.oracle.atRest())) {
        this.oracle.checkAtRest();
        return;
      }
      this.advance(100_000);
    }
    const rows = JSON.stringify(this.portal.queue.rows());
    throw new Broken(`it never rests: ${rows} ${JSON.stringify(await this.oracle.deliveries())}`);
  }

  private async runRounds(): Promise<void> {
    let rested = 0;
    for (let count = 0; count < 60 * this.loops.size; count += 1) {
      const { nextInMs } = await this.round();
      await this.oracle.check();
      rested = nextInMs >= SETTINGS.DRAIN_INTERVAL_MS ? rested + 1 : 0;
      if (rested >= this.loops.size) return;
      if (nextInMs < SETTINGS.DRAIN_INTERVAL_MS) this.advance(nextInMs);
    }
    throw new Broken('rounds follow each other without end');
  }

  /**
   * Whether a failure must be followed by another delivery whatever else happens: the first word on a message of
   * which no later attempt has been published. Says also whether its row must be marked.
   */
  private async mustHaveEffect(received: Received, kind: ReplyKind, outcome: string): Promise<boolean> {
    if (outcome !== 'failed' || kind === 'unknown' || kind === 'earlier_attempt') return false;
    const { eventId, attempt, processId, messageId } = received;
    const later = this.broker.inbox.some((other) => other.eventId === eventId && other.attempt > attempt);
    if (later || received.replies > 0) return false;
    const delivery = (await this.oracle.deliveries()).find(
      (row) => row.process_id === processId && row.message_id === messageId,
    );
    // One that could not be sent meanwhile is among the dead letters, where its failure leads as well.
    if (delivery?.attempt !== attempt || delivery.state === 'dead') return false;
    const row = this.portal.queue
      .rows()
      .find((one) => one.PROCESS_ID === processId && one.MESSAGE_ID === messageId && one.ERROR === 0);
    const underWay = ['reserved', 'refused', 'published'].includes(delivery.state);
    const known =
      this.portal.extended &&
      this.extended !== false &&
      this.marksFailingSince === null &&
      !this.givenUp.has(processId) &&
      delivery.held === 1;
    if (row !== undefined && underWay && known && attempt < SETTINGS.RETRY_MAX_ATTEMPTS)
      this.oracle.mustBeMarked(processId, row.ID);
    return true;
  }

  private newLoops(): Map<string, PortalLoop> {
    const keys = [this.key, ...keysToFinish(this.keys, this.key)];
    return new Map(keys.map((key) => [key, this.newLoop(key)]));
  }

  /** As `PortalRounds` does. */
  private followKeys(): void {
    const former = keysToFinish(this.keys, this.key);
    for (const key of this.loops.keys())
      if (key !== this.key && !former.includes(key)) this.loops.delete(key);
    for (const key of former) if (!this.loops.has(key)) this.loops.set(key, this.newLoop(key));
  }

  /** The portal has answered under the present key, under which its events are bound from now on. */
  private answered(key: string): void {
    this.keys = answeredUnder(this.keys, key);
    if (this.boundKey === key) return;
    this.unboundAt.set(this.boundKey, this.time);
    this.boundKey = key;
  }

  private finished(key: string): void {
    if (this.portal.queue.rows().some(({ CONNECTOR_ID }) => CONNECTOR_ID === key))
      this.forgottenTooEarly ??= new Broken(`source key ${key} was forgotten while it had rows`);
    this.keys = { ...this.keys, former: this.keys.former.filter((former) => former !== key) };
  }

  private newLoop(key: string): PortalLoop {
    const former = {
      unbound: () => this.boundKey !== key && this.time - (this.unboundAt.get(key) ?? this.time) > 60_000,
      finished: () => {
        this.finished(key);
        return Promise.resolve();
      },
    };
    return new PortalLoop({
      ...(key === this.key ? {} : { former }),
      portal: {
        memberId: MEMBER,
        name: PORTAL.name,
        extended: () => this.extended,
        setExtended: (extended) => {
          this.extended = extended;
          if (!extended) this.oracle.noMarks();
          return Promise.resolve();
        },
        state: () => 'active',
        paused: () => false,
        marksFailingSince: () => this.marksFailingSince,
        setMarksFailing: (since) => {
          this.marksFailingSince = since;
          if (since !== null) this.oracle.noMarks();
          return Promise.resolve();
        },
        setState: () => Promise.resolve(),
        answered: () => {
          if (key === this.key) this.answered(key);
          return Promise.resolve();
        },
        shared: (processIds) => {
          this.recognized.push(...processIds);
          return Promise.resolve();
        },
        mendBindings: () =>
          Promise.resolve({ notifies: this.options.notified === false ? 'no' : 'yes', missing: null }),
      },
      client: this.line,
      ledger: this.ledger.under(key),
      admission: new Admission({ limit: 1 }).of(MEMBER),
      settings: SETTINGS,
      listener: {
        settled: () => undefined,
        inFlight: () => undefined,
        ledger: () => undefined,
        roundTook: () => undefined,
        round: () => undefined,
      },
      log: {
        ...silence,
        warn: (fields) => {
          const { event, processId } = fields as Record<string, unknown>;
          if (event !== 'marks.given_up') return;
          this.givenUp.add(String(processId));
          this.oracle.noMarks();
        },
      },
      brokerReady: () => this.brokerUp,
      silence: this.replies,
      wakeDispatch: () => undefined,
      // Lost answers shrink it to one event, so that orphans are larger than a page.
      size: new BatchSize(SETTINGS.DRAIN_LIMIT, 1),
      now: () => this.now(),
      random: () => 0.5,
    });
  }

  private newDispatcher(): Dispatcher {
    return new Dispatcher({
      ledger: this.ledger,
      publisher: this.broker,
      targets: { events: EVENTS, unrouted: 'unrouted', dead: DEAD },
      maxAttempts: SETTINGS.RETRY_MAX_ATTEMPTS,
      listener: { published: () => undefined, dead: () => undefined, refused: () => undefined },
      log: silence,
      encoder: eventEncoder('replies'),
      now: () => this.now(),
    });
  }

  private async happen(happenings: readonly Happening[]): Promise<void> {
    for (const happening of happenings) await happening(this);
  }

  private now(): number {
    return this.time - this.setBack;
  }

  /** Nothing takes no time. */
  private tick(): void {
    this.time += 7;
  }
}
