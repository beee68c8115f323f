import { setTimeout as pause } from 'node:timers/promises';
import { type Channel, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { AmqpConnectionManagerClass } from 'amqp-connection-manager';
import { closeConnection, destroySocket, gatherWrites, withErrorListener } from './amqp-handles.js';
import { BrokerAddresses } from './addresses.js';
import { brokersOf } from './broker-login.js';
import { BrokerStatusBoard, type BrokerStatus, type BrokerStatusListener } from './broker-status.js';
import { type BrokerConnectionOptions, BrokerUnavailable } from './connection-options.js';
import { Phrase } from '../i18n/translate.js';
import { blockedFault } from './connection-fault.js';
import { silentBrokerLogger, type BrokerLogger } from './logger.js';
import { connectionTiming, type ConnectionTiming, managerOptions } from './connection-timing.js';
import { TimedOut } from '../timing/within.js';
import { declareOn, notDeclaredBecause } from './declaring.js';
import { DeniedRights } from './denied-rights.js';
import { PrefixGuard } from './prefix-guard.js';
import { type PrefixOwner, PrefixTaken } from './prefix-owner.js';
import { type TopologyNames } from './topology.js';
import { TopologyNotices } from './topology-notices.js';

const ASKING = Phrase.of('fault.asking');

/**
 * The connection to RabbitMQ: opened, kept and opened again by itself, with the topology declared every time
 * before it counts as `up`.
 */
export class BrokerConnection {
  private readonly addresses: BrokerAddresses;
  private readonly names: TopologyNames;
  private readonly logger: BrokerLogger;
  private readonly conflictRetryMs: number;
  private readonly timing: ConnectionTiming;
  private readonly board: BrokerStatusBoard;
  private readonly stopping = new AbortController();
  private readonly prefix: PrefixGuard;
  private readonly notices: TopologyNotices;
  private readonly rights: DeniedRights;
  private manager: AmqpConnectionManagerClass | null = null;
  private model: ChannelModel | null = null;
  private host = '';
  private blockedBecause: string | null = null;
  private declaring: Promise<void> | null = null;
  /** The topology was declared by this process, and no part of it was found missing since. */
  private stood = false;
  /** Why we dropped the connection ourselves. */
  private dropped: string | null = null;
  /** `queue x`, `exchange x`: known to be as the bridge needs them, on this connection. */
  private known: ReadonlySet<string> = new Set();

  /** @throws {BrokerAddressError} when an address is unusable; nothing is opened yet */
  constructor(private readonly options: BrokerConnectionOptions) {
    this.addresses = new BrokerAddresses(options.urls);
    this.names = options.names;
    this.logger = options.logger ?? silentBrokerLogger;
    this.conflictRetryMs = options.conflictRetryMs ?? 5000;
    this.board = new BrokerStatusBoard(this.logger);
    this.notices = new TopologyNotices(this.logger);
    this.rights = new DeniedRights(options.names, this.logger);
    this.timing = connectionTiming(options.urls.length, options);
    this.prefix = new PrefixGuard(options.names, this.logger, this.stopping.signal);
  }

  /** Begins to connect and returns at once, whether the broker answers or not. */
  start(): void {
    if (this.manager !== null || this.stopping.signal.aborted) return;
    const options = managerOptions(this.timing, this.options.connectionName ?? 'bitrix24-offline-bridge');
    const manager = new AmqpConnectionManagerClass(
      brokersOf(this.addresses.urls, options.connectionOptions),
      options,
    );
    this.manager = manager;
    manager.on('connect', ({ connection, url }: { connection: ChannelModel; url: unknown }) =>
      this.connected(connection, String(url)),
    );
    manager.on(
      'connectFailed',
      ({ err, url }: { err: unknown; url: unknown }) => void this.failed(err, String(url)),
    );
    manager.on('disconnect', ({ err }: { err: unknown }) =>
      this.lost(`${this.host}: ${this.dropped ?? this.addresses.reasonOf(err)}`),
    );
    manager.on('blocked', ({ reason }: { reason: string }) => this.blocked(reason));
    manager.on('unblocked', () => this.unblocked());
    this.board.change('connecting', Phrase.of('fault.noAnswerYet'));
    // It goes on trying after a refused login as well, so its rejection says nothing that the events do not.
    manager.connect().catch(() => undefined);
  }

  /**
   * From now on it counts as `up` only while the prefix is `owner`'s: claimed where no bridge has it, and checked from time to time.
   * While it is another's the state is `taken`.
   */
  claimPrefix(owner: PrefixOwner): void {
    this.prefix.claimFor(owner);
    const { state } = this.board.current();
    if (state === 'up' || state === 'blocked') this.board.change('connecting', ASKING);
    void this.ensureDeclared();
  }

  /** Connected, and the prefix is another's or not known to be ours yet. */
  get withoutPrefix(): boolean {
    return this.model !== null && !this.prefix.holds(this.model);
  }

  /** Whether `queue x` or `exchange x` is known to have the properties that it needs: others may have made it without. */
  knows(object: string): boolean {
    return this.known.has(object);
  }

  status(): BrokerStatus {
    return this.board.current();
  }

  /**
   * The same as it counts for those who ask whether anything can come of it: `conflict` where it is `up` and this user
   * lacks a right that the bridge needs. What is to be published goes on being tried, which tells when it has the right.
   */
  usability(): BrokerStatus {
    const status = this.board.current();
    const denied = this.rights.first;
    if (status.state !== 'up' || denied === null) return status;
    const { said, since } = denied;
    return { state: 'conflict', reason: said.in('en'), said, since };
  }

  /** A channel ended: where this user lacks a right, the broker says so in this way alone. */
  channelEnded(words: string): void {
    this.rights.ended(this.addresses.redact(words));
  }

  /** The broker has taken a message for an exchange, or lets us read a queue. */
  granted(name: string): void {
    this.rights.granted(name);
  }

  /** Calls `listener` on every change of state; the result takes it off again. */
  onChange(listener: BrokerStatusListener): () => void {
    return this.board.onChange(listener);
  }

  /**
   * Resolves when the state is `up`, at once when it is.
   * @throws the signal's reason when aborted; {BrokerUnavailable} when the connection is closed for good
   */
  async whenUp(signal?: AbortSignal): Promise<void> {
    const end = await this.board.until(['up', 'closed'], signal);
    if (end.state === 'closed') throw new BrokerUnavailable('the connection is closed');
  }

  /**
   * A further channel on the current connection; it is the caller's to close and dies with the connection.
   * Its `error` event is handled here, as an unhandled one would bring down the connection.
   * @throws {BrokerUnavailable} unless the state is `up` or `blocked`
   */
  openChannel(): Promise<Channel> {
    return this.opened((model) => model.createChannel());
  }

  /** Like {@link openChannel}, with publisher confirms. */
  openConfirmChannel(): Promise<ConfirmChannel> {
    return this.opened((model) => model.createConfirmChannel());
  }

  /**
   * Declares the topology again on the current connection, for when part of it was found missing. Resolves when
   * it stands or the connection is gone; while the broker refuses, the state is `conflict` and this goes on.
   */
  redeclare(): Promise<void> {
    this.stood = false;
    return this.ensureDeclared();
  }

  /** Closes the connection for good, with every channel on it. Takes a few seconds at most. */
  async close(): Promise<void> {
    if (this.stopping.signal.aborted) return;
    this.stopping.abort();
    const { manager } = this;
    this.model = null;
    this.board.change('closed', 'closed by the bridge');
    if (manager === null) return;
    await closeConnection(manager);
    this.logger.info({ event: 'broker.closed' });
  }

  private ensureDeclared(): Promise<void> {
    const { model } = this;
    if (model === null || this.stopping.signal.aborted) return Promise.resolve();
    if (this.declaring !== null) return this.declaring;
    const declaring = this.declareUntilDone(model).finally(() => {
      if (this.declaring === declaring) this.declaring = null;
    });
    this.declaring = declaring;
    return declaring;
  }

  private connected(model: ChannelModel, url: string): void {
    // The library ends the socket and leaves it to the other side to agree, which a vanished broker never does.
    model.on('close', () => setTimeout(() => destroySocket(model), 1000).unref());
    if (this.stopping.signal.aborted) return;
    gatherWrites(model);
    this.model = model;
    this.host = BrokerAddresses.hostOf(url);
    this.blockedBecause = null;
    this.declaring = null;
    this.dropped = null;
    void this.ensureDeclared();
  }

  /** Explaining may take a question to the address; where a connection came meanwhile, the explanation is old. */
  private async failed(error: unknown, url: string): Promise<void> {
    const fault = await this.addresses.explain(error, url);
    if (this.model === null) this.lost(Phrase.of('fault.at', { host: BrokerAddresses.hostOf(url), fault }));
  }

  private lost(why: string | Phrase): void {
    const reason = why instanceof Phrase ? why.in('en') : why;
    this.model = null;
    this.blockedBecause = null;
    this.declaring = null;
    if (this.stopping.signal.aborted) return;
    const before = this.board.current();
    if (before.state !== 'connecting' || before.reason !== reason) {
      this.logger.warn({ event: 'broker.down', reason, was: before.state });
    }
    this.board.change('connecting', why);
  }

  private blocked(reason: string): void {
    this.blockedBecause = reason;
    if (this.board.current().state !== 'up') return;
    this.logger.warn({ event: 'broker.blocked', host: this.host, reason: blockedFault(reason).in('en') });
    this.board.change('blocked', blockedFault(reason));
  }

  private unblocked(): void {
    this.blockedBecause = null;
    if (this.board.current().state !== 'blocked') return;
    this.logger.info({ event: 'broker.unblocked', host: this.host });
    this.board.change('up', null);
  }

  private async declareUntilDone(model: ChannelModel): Promise<void> {
    while (this.model === model) {
      try {
        await this.declare(model);
        // It may have been claimed meanwhile.
        if (this.model === model && !this.prefix.holds(model)) continue;
        if (this.model === model) this.declared(model);
        return;
      } catch (error) {
        if (this.model !== model) return;
        if (error instanceof TimedOut && this.addresses.urls.length > 1) {
          if (this.board.current().state === 'connecting') return this.leave(model, error);
          // It takes events all the same, and another node may not.
        } else this.refused(error);
      }
      await pause(this.conflictRetryMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  /** This node alone may be stuck: tries the next. */
  private leave(model: ChannelModel, error: TimedOut): void {
    this.dropped = `the topology cannot be declared: ${error.message}`;
    destroySocket(model);
  }

  private async declare(model: ChannelModel): Promise<void> {
    // First, since nothing is touched under another bridge's prefix.
    await this.prefix.hold(model);
    const { given, declared, unlimited, bindings } = await declareOn(model, this.names, {
      timeoutMs: this.timing.declareTimeoutMs,
      knownBefore: this.stood,
    });
    this.known = declared;
    this.notices.given(this.host, given);
    this.notices.unlimited(this.host, unlimited);
    if (bindings === null) {
      this.stood = true;
      return;
    }
    this.logger.warn({ event: 'broker.bindings_pending', host: this.host });
    bindings.catch(() => (this.model === model ? this.redeclare() : undefined));
  }

  private declared(model: ChannelModel): void {
    const before = this.board.current();
    if (before.state === 'up' || before.state === 'blocked') return;
    if (before.said !== ASKING) {
      this.logger.info({
        event: 'broker.up',
        host: this.host,
        after: before.state,
        tookMs: Date.now() - before.since,
      });
    }
    const isUp = () => this.board.current().state === 'up';
    this.prefix.watch(model, isUp, (error) => {
      this.refused(error);
      void this.ensureDeclared();
    });
    if (this.blockedBecause === null) this.board.change('up', null);
    else this.board.change('blocked', blockedFault(this.blockedBecause));
  }

  private refused(error: unknown): void {
    const reason = notDeclaredBecause(error);
    const before = this.board.current();
    const state = error instanceof PrefixTaken ? 'taken' : 'conflict';
    if (before.state !== state || before.reason !== reason) {
      if (state === 'taken') this.logger.error({ event: 'broker.prefix_taken', host: this.host, reason });
      else this.logger.error({ event: 'broker.conflict', host: this.host, reason });
    }
    this.board.change(state, error instanceof PrefixTaken ? error.said : this.addresses.redact(reason));
  }

  private async opened<C extends Channel>(open: (model: ChannelModel) => Promise<C>): Promise<C> {
    const { state, reason } = this.board.current();
    const { model } = this;
    if (model === null || (state !== 'up' && state !== 'blocked')) {
      throw new BrokerUnavailable(`the broker is ${state}${reason === null ? '' : `: ${reason}`}`);
    }
    const channel = withErrorListener(await open(model));
    // It may have died together with the connection before its events were listened to.
    if (this.model !== model) throw new BrokerUnavailable('the connection was lost meanwhile');
    return channel;
  }
}
