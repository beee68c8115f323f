import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { balance, type Balance, type BridgeFigures, type Delivery } from './balance.js';
import { BridgeService } from './bridge-service.js';
import { DemoBroker } from './broker.js';
import { type Received, SampleConsumer, type Way } from './consumer.js';
import { HandsOn } from './hands-on.js';
import { DemoPortals, EVENTS } from './portals.js';
import { Extras } from './extras.js';
import { type Line, type Screen } from './screen.js';
import { type RunFacts } from './summary.js';

const PORTALS = ['acme', 'globex'];
/** On each portal. */
const CHANGES_PER_SECOND = 40;
const FAIL_EVERY = 33;
/** Times short enough that half a minute shows an event's whole life. */
const PACE = {
  DRAIN_INTERVAL_MS: '1000',
  SETTLE_AFTER_MS: '3000',
  FAILURE_BATCH_WAIT_MS: '500',
  RETRY_BASE_DELAY_MS: '1500',
  RETRY_MAX_DELAY_MS: '4000',
  RECONCILE_EVERY_MS: '5000',
};
/** Kinds of objects whose state events carry, and whose changes are looked for. */
const KINDS = 'crm.deal';
/** Changes that nobody was told of are found a minute after they were seen, so a short run has none. */
const WITHHOLDS_FROM_SECONDS = 20;
const WITHHOLDS_AFTER_MS = 10_000;
const FOUND_WITHIN_MS = 150_000;
const TICK_MS = 500;
/** It takes some eight seconds; this is for a machine at its limit. */
const DRAIN_LIMIT_MS = 60_000;
/** Nothing moves any more for so long: what is off stays off. */
const QUIET_MS = 5000;
const BINDINGS_LIMIT_MS = 60_000;
const LAG_WINDOW_MS = 5000;

/** Portals, the bridge and a consumer, and the records that all of them leave. */
export class Demo {
  readonly folder = mkdtempSync(join(tmpdir(), 'bitrix24-demo-'));
  readonly prefix = `demo-${randomBytes(6).toString('hex')}`;
  private readonly password = `demo-${randomBytes(5).toString('hex')}`;
  readonly failuresByWay: Record<Way, number> = { single: 0, group: 0, nestjs: 0, 'dead-letter': 0 };
  private readonly deliveries: Delivery[] = [];
  private readonly unheld: Delivery[] = [];
  private readonly extras = new Extras(PORTALS[0] ?? '');
  private readonly failedRows = new Set<string>();
  private readonly tally = new Map(PORTALS.map((name) => [name, { failed: 0, retried: 0 }]));
  private readonly lags: { portal: string; at: number; ms: number }[] = [];
  private readonly routingKeys = new Set<string>();
  private figures = new Map<string, BridgeFigures>();
  private portals: DemoPortals | null = null;
  private broker: DemoBroker | null = null;
  private consumer: SampleConsumer | null = null;
  private bridge: BridgeService | null = null;
  /** Set once the books are closed. */
  private handsOnNow: HandsOn | null = null;

  constructor(
    private readonly rabbitmqUrl: string,
    private readonly screen: Screen,
    private readonly signal: AbortSignal,
  ) {}

  /** Starts everything, both portals installed and bound. @throws Error saying what did not start */
  async start(): Promise<void> {
    this.broker = await DemoBroker.connect(this.rabbitmqUrl, this.prefix, `${this.prefix}.consumer`).catch(
      (error: unknown) => {
        throw new Error(
          `RabbitMQ does not answer: ${error instanceof Error ? error.message : String(error)}`,
        );
      },
    );
    this.portals = await DemoPortals.start(PORTALS);
    const { emulator, portals } = this.portals;
    this.bridge = new BridgeService(this.folder, {
      RABBITMQ_URL: this.rabbitmqUrl,
      AMQP_PREFIX: this.prefix,
      B24_OAUTH_URL: emulator.url,
      B24_CLIENT_ID: emulator.clientId,
      B24_CLIENT_SECRET: emulator.clientSecret,
      B24_ALLOW_HTTP: 'true',
      B24_EVENTS: EVENTS.join(','),
      DASHBOARD_PASSWORD: this.password,
      STATE: KINDS,
      RECONCILE: KINDS,
      ...PACE,
    });
    // The settings name one portal to install; each start takes another, and all stay installed.
    for (const [index, { portal }] of portals.entries()) {
      if (index > 0) await this.bridge.stop();
      this.signal.throwIfAborted();
      await this.bridge.start({ domain: portal.domain, refreshToken: portal.issueRefreshToken() });
    }
    await this.broker.watchDead();
    this.consumer = await SampleConsumer.start(this.rabbitmqUrl, this.prefix, FAIL_EVERY, (event) =>
      this.record(event),
    );
    const deadline = performance.now() + BINDINGS_LIMIT_MS;
    while (portals.some(({ portal }) => portal.bindings().length < EVENTS.length)) {
      this.check();
      if (performance.now() > deadline) throw new Error('the bridge did not bind its events on both portals');
      await pause(50);
    }
  }

  /** Where everything can be looked at. */
  addresses(): string {
    const { emulator, bridge } = { emulator: this.portals?.emulator, bridge: this.bridge };
    return [
      `portals       ${emulator?.url}/_control/portals`,
      `dashboard     ${bridge?.url}/   password ${this.password}`,
      `bridge        ${bridge?.url}/metrics, ${bridge?.url}/health/ready`,
      `RabbitMQ      exchange ${this.prefix}.events, queues ${this.prefix}.*`,
      `ledger        ${join(this.folder, 'bridge.db')}`,
      `bridge's log  ${bridge?.logFile}`,
    ].join('\n');
  }

  /** Lets changes happen until `until`, on the clock of the books, while the table is shown. */
  async changing(until: number, phase: () => string): Promise<void> {
    const { portals, consumer, bridge } = this.running();
    consumer.faulty = true;
    portals.startChanges(CHANGES_PER_SECOND);
    await bridge.command('snapshot', 'start', PORTALS[0] ?? '', '--types', KINDS);
    const startedAt = performance.now();
    let withholds = until - startedAt >= WITHHOLDS_FROM_SECONDS * 900;
    while (performance.now() < until) {
      await this.tick(phase());
      // By then the bridge knows what there is: what it sees first it takes as it is.
      if (!withholds || performance.now() - startedAt < WITHHOLDS_AFTER_MS) continue;
      withholds = false;
      this.extras.withhold(portals);
      // What is deleted leaves nothing to list: only the nightly look through all that there is would find it.
      await bridge.command('reconcile', 'now', PORTALS[0] ?? '');
    }
  }

  /** No more changes, no more failures: waits until the books balance, or do not get any better. */
  async drain(seconds: number): Promise<{ balance: Balance; run: RunFacts }> {
    const { portals, consumer } = this.running();
    portals.stopChanges();
    consumer.faulty = false;
    consumer.flush();
    const stoppedAt = performance.now();
    let balance = await this.settle('no more changes, draining');
    const drainedAt = performance.now();
    const facts = this.facts(seconds, (drainedAt - stoppedAt) / 1000);
    if (!this.extras.complete) {
      while (!this.extras.complete && performance.now() - drainedAt < FOUND_WITHIN_MS)
        await this.tick('drained; waiting until the changes are found that nobody was told of');
      balance = await this.settle('settling what was found');
    }
    const extras = this.extras.report();
    const faults = [...balance.faults, ...extras.faults];
    return { balance: { ...balance, faults }, run: { ...facts, extras } };
  }

  /** Waits until the books balance, or nothing moves any more. */
  private async settle(phase: string): Promise<Balance> {
    const startedAt = performance.now();
    let quietSince: number | null = null;
    for (;;) {
      await this.tick(phase);
      const result = await this.balance();
      const now = performance.now();
      quietSince = this.isQuiet() ? (quietSince ?? now) : null;
      const done = result.faults.length === 0 && result.waiting === 0;
      const hopeless = quietSince !== null && now - quietSince > QUIET_MS;
      if (done || hopeless || now - startedAt >= DRAIN_LIMIT_MS) return result;
    }
  }

  /** Leaves the stage to whoever sits there, with some events that fail and wait for a retry; ends by the signal only. */
  async handsOn(): Promise<never> {
    const { portals, consumer, bridge } = this.running();
    const handsOn = new HandsOn(portals, (line) => this.screen.say(line));
    consumer.faulty = false;
    consumer.refuses = (event) => handsOn.refusal(event);
    this.handsOnNow = handsOn;
    await bridge.stop();
    await bridge.start(null, HandsOn.SETTINGS);
    this.screen.say(handsOn.invitation(bridge.url, this.password));
    handsOn.start();
    try {
      for (;;) {
        this.check();
        await pause(TICK_MS);
      }
    } finally {
      handsOn.stop();
    }
  }

  /** Ends the bridge as an operator would; null when it ended as promised, otherwise what it did instead. */
  async stopBridge(): Promise<string | null> {
    const how = await this.running().bridge.stop();
    return how === 'exit code 0' ? null : `the bridge did not stop cleanly: ${how}`;
  }

  /** The end of the bridge's log. */
  logTail(): string {
    return this.bridge?.logTail() ?? '';
  }

  /**
   * Ends everything and removes every trace but, where `keepFolder` says so, the temporary folder. One step that
   * fails does not keep the others from being taken; resolves with what could not be done.
   */
  async remove(keepFolder: boolean): Promise<string[]> {
    const left: string[] = [];
    const step = (what: string, done: Promise<unknown> | undefined) =>
      done?.catch((error: unknown) =>
        left.push(`${what}: ${error instanceof Error ? error.message : String(error)}`),
      );
    this.portals?.stopChanges();
    await step('bridge', this.bridge?.stop());
    await step('log', this.bridge?.closeLog());
    await step('consumer', this.consumer?.close());
    await step(`queues and exchanges ${this.prefix}.*`, this.broker?.remove());
    await step('portals', this.portals?.close());
    if (!keepFolder || this.bridge === null) rmSync(this.folder, { recursive: true, force: true });
    return left;
  }

  private record(event: Received): void {
    if (this.handsOnNow !== null) return this.handsOnNow.received(event);
    this.extras.received(event);
    const at = performance.now();
    if (event.origin !== null) {
      const { correlationId } = event;
      this.unheld.push({ row: event.rowId, message: event.messageId, correlationId, at, failed: false });
      return;
    }
    const row = `${event.portal}/${event.rowId}`;
    const message = `${event.portal}/${event.messageId}`;
    this.deliveries.push({
      row,
      message,
      correlationId: event.correlationId,
      at,
      failed: event.failed !== null,
    });
    this.routingKeys.add(event.routingKey);
    const tally = this.tally.get(event.portal);
    if (this.failedRows.has(row)) {
      if (tally !== undefined) tally.retried += 1;
    } else {
      const changedAt = this.portals?.named(event.portal)?.changedAt(row);
      if (changedAt !== undefined) this.lags.push({ portal: event.portal, at, ms: at - changedAt });
    }
    if (event.failed === null) return;
    this.failedRows.add(row);
    this.failuresByWay[event.failed] += 1;
    if (tally !== undefined) tally.failed += 1;
  }

  private async tick(phase: string): Promise<void> {
    await pause(TICK_MS);
    this.check();
    const { bridge } = this.running();
    // A bridge too busy to answer is no reason to stop looking; its last figures stand.
    this.figures = await bridge.figures(PORTALS).catch(() => this.figures);
    const { lastDeal } = this.extras;
    this.screen.show(lastDeal === '' ? phase : `${phase}; ${lastDeal}`, this.lines());
  }

  private lines(): Line[] {
    const { portals } = this.running().portals;
    const since = performance.now() - LAG_WINDOW_MS;
    while ((this.lags[0]?.at ?? since) < since) this.lags.shift();
    return portals.map(({ name, portal, changes, marks }) => {
      const bridge = this.figures.get(name);
      const lags = this.lags.filter((lag) => lag.portal === name).map(({ ms }) => ms);
      return {
        portal: name,
        pushed: changes.length,
        published: bridge?.published ?? 0,
        settled: bridge?.processed ?? 0,
        failed: this.tally.get(name)?.failed ?? 0,
        marked: marks.length,
        retried: this.tally.get(name)?.retried ?? 0,
        inFlight: bridge?.inFlight ?? 0,
        lagMs: lags.sort((a, b) => a - b)[Math.floor(lags.length / 2)] ?? null,
        requests: portal.counters.requests,
      };
    });
  }

  private async balance(): Promise<Balance> {
    const { portals, broker } = this.running();
    portals.look();
    const queues = await broker.depths();
    const figures = [...this.figures.values()];
    const sum = (pick: (of: BridgeFigures) => number) => figures.reduce((all, of) => all + pick(of), 0);
    return balance({
      changes: portals.portals.flatMap(({ changes }) => changes),
      marks: portals.portals.flatMap(({ marks }) => marks),
      left: portals.portals.flatMap((portal) => portal.left()),
      destroyed: portals.portals.flatMap((portal) => portal.destroyed()),
      deliveries: this.deliveries,
      unheld: this.unheld,
      dead: broker.dead,
      queues,
      bridge: {
        published: sum((of) => of.published),
        processed: sum((of) => of.processed),
        failed: sum((of) => of.failed),
        lateFailed: sum((of) => of.lateFailed),
        dead: sum((of) => of.dead),
        inFlight: sum((of) => of.inFlight),
      },
    });
  }

  /** Whether neither the portals nor the bridge have anything left to do. */
  private isQuiet(): boolean {
    const rows = this.running().portals.portals.some((portal) => portal.left().length > 0);
    return !rows && [...this.figures.values()].every((of) => of.inFlight === 0);
  }

  private facts(seconds: number, drainSeconds: number): Omit<RunFacts, 'extras'> {
    const { portals } = this.running().portals;
    return {
      portals: portals.length,
      changes: portals.reduce((sum, { changes }) => sum + changes.length, 0),
      seconds,
      drainSeconds,
      routingKeys: this.routingKeys.size,
      failuresByWay: this.failuresByWay,
      requests: portals.reduce((sum, { portal }) => sum + portal.counters.requests, 0),
    };
  }

  /** @throws Error when the demo was interrupted or the bridge is gone */
  private check(): void {
    this.signal.throwIfAborted();
    const how = this.bridge?.failure;
    if (how !== null && how !== undefined) throw new Error(`the bridge ended by itself: ${how}`);
  }

  private running(): {
    portals: DemoPortals;
    broker: DemoBroker;
    consumer: SampleConsumer;
    bridge: BridgeService;
  } {
    const { portals, broker, consumer, bridge } = this;
    if (portals === null || broker === null || consumer === null || bridge === null) {
      throw new Error('the demo has not started');
    }
    return { portals, broker, consumer, bridge };
  }
}
