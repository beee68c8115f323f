import { parseReply } from '../../src/contract/reply.js';
import { type Database } from '../../src/database/database.js';
import { BatchSize } from '../../src/drain/batch-size.js';
import { eventEncoder } from '../../src/contract/event-encoder.js';
import { Dispatcher, type PassResult, type PortalIdentity } from '../../src/drain/dispatcher.js';
import { type RoundReport } from '../../src/drain/loop-dependencies.js';
import { Admission } from '../../src/drain/admission.js';
import { PortalLoop } from '../../src/drain/portal-loop.js';
import { type LedgerSettings } from '../../src/ledger/ledger.js';
import { type Log } from '../../src/log.js';
import { type BrokerMood, BrokerStandIn, DEAD, EVENTS, type Received } from './broker-stand-in.js';
import { InterruptibleLedger } from './interruptible-ledger.js';
import { Broken, Oracle } from './oracle.js';
import { PortalLine, type RoundFault } from './portal-line.js';
import { PortalStandIn } from './portal-stand-in.js';
import { type ReplyKind, replyMessage } from './reply-message.js';

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
  private readonly line: PortalLine;
  private readonly ledger: InterruptibleLedger;
  private time = START;
  /** How far the bridge's clock is set back, ms. */
  private setBack = 0;
  private loop: PortalLoop;
  private dispatcher: Dispatcher;
  /** Of the registry: what the portal's plan is believed to be. */
  private extended: boolean | null = null;

  private constructor(
    database: Database,
    private readonly options: WorldOptions,
  ) {
    this.portal = new PortalStandIn(() => this.time, options.extended);
    this.oracle = new Oracle(() => this.time, this.portal, database, SETTINGS.RETRY_MAX_ATTEMPTS);
    this.broker = new BrokerStandIn((messageId) => this.oracle.delivered(messageId));
    const settings: LedgerSettings = { ...SETTINGS, SETTLE_MODE: options.settleMode };
    this.ledger = new InterruptibleLedger(database, settings, () => this.now());
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
    this.loop = this.newLoop();
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
    });
    this.oracle.changed(messageId);
    await Promise.resolve();
  }

  /** The portal notifies us of new events. */
  announce(): void {
    this.loop.announced();
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
    const report = await this.loop.runOnce();
    this.trace(`   ${JSON.stringify(report)} ${JSON.stringify(await this.oracle.deliveries())}`);
    this.ledger.failNextWrite = false;
    if (fault === 'crash') this.crash();
    return report;
  }

  /**
   * The bridge dies and starts again: only the database is left. What it held in doubt dies with it, save what the
   * ledger shows: so a given-up request that had been followed by answered ones is taken to be over by then.
   */
  crash(): void {
    this.line.cut();
    this.loop = this.newLoop();
    this.dispatcher = this.newDispatcher();
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
    const { target, outcome: parsed, reason } = parseReply(replyMessage(received, outcome, kind));
    if (parsed === 'partial') throw new Broken('a whole reply counted as partial');
    this.line.replied();
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
    await this.oracle.byOthers(difference, who);
  }

  setPlan(extended: boolean): void {
    this.portal.extended = extended;
    this.oracle.noMarks();
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
      if (await this.oracle.atRest()) {
        this.oracle.checkAtRest();
        return;
      }
      this.advance(100_000);
    }
    const rows = JSON.stringify(this.portal.queue.rows());
    throw new Broken(`it never rests: ${rows} ${JSON.stringify(await this.oracle.deliveries())}`);
  }

  private async runRounds(): Promise<void> {
    for (let count = 0; count < 60; count += 1) {
      const { nextInMs } = await this.round();
      await this.oracle.check();
      if (nextInMs >= SETTINGS.DRAIN_INTERVAL_MS) return;
      this.advance(nextInMs);
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
    // One that the broker refused meanwhile is among the dead letters, where its failure leads as well.
    if (delivery?.attempt !== attempt || delivery.state === 'dead') return false;
    const row = this.portal.queue
      .rows()
      .find((one) => one.PROCESS_ID === processId && one.MESSAGE_ID === messageId && one.ERROR === 0);
    const underWay = delivery.state === 'reserved' || delivery.state === 'published';
    const known = this.portal.extended && this.extended !== false && delivery.held === 1;
    if (row !== undefined && underWay && known && attempt < SETTINGS.RETRY_MAX_ATTEMPTS)
      this.oracle.mustBeMarked(processId, row.ID);
    return true;
  }

  private newLoop(): PortalLoop {
    return new PortalLoop({
      portal: {
        memberId: MEMBER,
        name: PORTAL.name,
        extended: () => this.extended,
        setExtended: (extended) => {
          this.extended = extended;
          if (!extended) this.oracle.noMarks();
          return Promise.resolve();
        },
        setState: () => Promise.resolve(),
        mendBindings: () => Promise.resolve(this.options.notified === false ? 'no' : 'yes'),
      },
      client: this.line,
      ledger: this.ledger,
      admission: new Admission({ limit: 1, patienceMs: 60_000 }),
      settings: SETTINGS,
      listener: {
        settled: () => undefined,
        inFlight: () => undefined,
        ledger: () => undefined,
        exchange: () => undefined,
        round: () => undefined,
      },
      log: silence,
      brokerReady: () => this.brokerUp,
      kickDispatch: () => undefined,
      // Lost answers shrink it to one event, so that orphans are larger than a page.
      size: new BatchSize(SETTINGS.DRAIN_LIMIT, 1),
      now: () => this.now(),
      random: () => 0.5,
    });
  }

  private newDispatcher(): Dispatcher {
    return new Dispatcher(
      this.ledger,
      this.broker,
      { events: EVENTS, dead: DEAD },
      SETTINGS.RETRY_MAX_ATTEMPTS,
      { published: () => undefined, dead: () => undefined },
      silence,
      eventEncoder('replies'),
    );
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
