import { setTimeout as pause } from 'node:timers/promises';
import { type Channel, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { AmqpConnectionManagerClass } from 'amqp-connection-manager';
import { destroySocket, tamed } from './amqp-handles.js';
import { BrokerAddresses } from './addresses.js';
import { BrokerStatusBoard, type BrokerStatus, type BrokerStatusListener } from './broker-status.js';
import { silentBrokerLogger, type BrokerLogger } from './logger.js';
import { connectionTiming, type ConnectionTiming, managerOptions } from './connection-timing.js';
import { BrokerTimeout, within } from './deadlines.js';
import { declareOn } from './declaring.js';
import { brokerText, TopologyConflict, type TopologyNames } from './topology.js';

/** There is no usable connection to the broker at this moment. */
export class BrokerUnavailable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BrokerUnavailable';
  }
}

export interface BrokerConnectionOptions {
  /** `amqp://` or `amqps://` addresses, tried in turn. */
  readonly urls: readonly string[];
  readonly names: TopologyNames;
  readonly logger?: BrokerLogger;
  /** A silent broker is given up after two to three of these. */
  readonly heartbeatSeconds?: number;
  /** Pause between attempts to connect. */
  readonly reconnectMs?: number;
  /** Pause between attempts to declare what the broker refused. Default 5,000. */
  readonly conflictRetryMs?: number;
  /** Shown in the broker's list of connections. */
  readonly connectionName?: string;
}

const CLOSE_TIMEOUT_MS = 3000;

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
  private manager: AmqpConnectionManagerClass | null = null;
  private model: ChannelModel | null = null;
  private host = '';
  private blockedBecause: string | null = null;
  private declaring: Promise<void> | null = null;
  /** The topology was declared by this process, and nobody has missed a part of it since. */
  private stood = false;
  /** Why we dropped the connection ourselves. */
  private dropped: string | null = null;

  /** @throws {BrokerAddressError} when an address is unusable; nothing is opened yet */
  constructor(private readonly options: BrokerConnectionOptions) {
    this.addresses = new BrokerAddresses(options.urls);
    this.names = options.names;
    this.logger = options.logger ?? silentBrokerLogger;
    this.conflictRetryMs = options.conflictRetryMs ?? 5000;
    this.board = new BrokerStatusBoard(this.logger);
    this.timing = connectionTiming(options.urls.length, options);
  }

  /** Begins to connect and returns at once, whether the broker answers or not. */
  start(): void {
    if (this.manager !== null || this.stopping.signal.aborted) return;
    const manager = new AmqpConnectionManagerClass(
      [...this.addresses.urls],
      managerOptions(this.timing, this.options.connectionName ?? 'bitrix24-offline-bridge'),
    );
    this.manager = manager;
    manager.on('connect', ({ connection, url }: { connection: ChannelModel; url: unknown }) =>
      this.connected(connection, String(url)),
    );
    manager.on('connectFailed', ({ err, url }: { err: unknown; url: unknown }) =>
      this.lost(`${BrokerAddresses.hostOf(String(url))}: ${this.addresses.reasonOf(err)}`),
    );
    manager.on('disconnect', ({ err }: { err: unknown }) =>
      this.lost(`${this.host}: ${this.dropped ?? this.addresses.reasonOf(err)}`),
    );
    manager.on('blocked', ({ reason }: { reason: string }) => this.blocked(reason));
    manager.on('unblocked', () => this.unblocked());
    this.board.change('connecting', 'no answer yet');
    // It goes on trying after a refused login as well, so its rejection says nothing that the events do not.
    manager.connect().catch(() => undefined);
  }

  status(): BrokerStatus {
    return this.board.current();
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
    const { manager, model } = this;
    this.model = null;
    this.board.change('closed', 'closed by the bridge');
    if (manager === null) return;
    // A broker that does not answer never acknowledges the close, and the client library waits for that.
    await within(CLOSE_TIMEOUT_MS, manager.close()).catch(() => undefined);
    if (model !== null) destroySocket(model);
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
    this.model = model;
    this.host = BrokerAddresses.hostOf(url);
    this.blockedBecause = null;
    this.declaring = null;
    this.dropped = null;
    void this.ensureDeclared();
  }

  private lost(reason: string): void {
    this.model = null;
    this.blockedBecause = null;
    this.declaring = null;
    if (this.stopping.signal.aborted) return;
    const before = this.board.current();
    if (before.state !== 'connecting' || before.reason !== reason) {
      this.logger.warn({ event: 'broker.down', reason, was: before.state });
    }
    this.board.change('connecting', reason);
  }

  private blocked(reason: string): void {
    this.blockedBecause = reason;
    if (this.board.current().state !== 'up') return;
    this.logger.warn({ event: 'broker.blocked', host: this.host, reason });
    this.board.change('blocked', reason);
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
        if (this.model === model) this.declared();
        return;
      } catch (error) {
        if (this.model !== model) return;
        if (error instanceof BrokerTimeout && this.addresses.urls.length > 1) {
          if (this.board.current().state === 'connecting') return this.leave(model, error);
          // It takes events all the same, and another node may not.
        } else this.refused(error);
      }
      await pause(this.conflictRetryMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  /** It may be this node alone that is stuck. */
  private leave(model: ChannelModel, error: BrokerTimeout): void {
    this.dropped = `the topology cannot be declared: ${error.message}`;
    destroySocket(model);
  }

  private async declare(model: ChannelModel): Promise<void> {
    const late = await declareOn(model, this.names, {
      timeoutMs: this.timing.declareTimeoutMs,
      knownBefore: this.stood,
    });
    if (late === null) {
      this.stood = true;
      return;
    }
    this.logger.warn({ event: 'broker.bindings_pending', host: this.host });
    late.bindings.catch(() => (this.model === model ? this.redeclare() : undefined));
  }

  private declared(): void {
    const before = this.board.current();
    if (before.state === 'up' || before.state === 'blocked') return;
    this.logger.info({
      event: 'broker.up',
      host: this.host,
      after: before.state,
      tookMs: Date.now() - before.since,
    });
    if (this.blockedBecause === null) this.board.change('up', null);
    else this.board.change('blocked', this.blockedBecause);
  }

  private refused(error: unknown): void {
    const reason =
      error instanceof TopologyConflict
        ? error.message
        : `the topology cannot be declared: ${brokerText(error)}`;
    const before = this.board.current();
    if (before.state !== 'conflict' || before.reason !== reason) {
      this.logger.error({ event: 'broker.conflict', host: this.host, reason });
    }
    this.board.change('conflict', this.addresses.redact(reason));
  }

  private async opened<C extends Channel>(open: (model: ChannelModel) => Promise<C>): Promise<C> {
    const { state, reason } = this.board.current();
    const { model } = this;
    if (model === null || (state !== 'up' && state !== 'blocked')) {
      throw new BrokerUnavailable(`the broker is ${state}${reason === null ? '' : `: ${reason}`}`);
    }
    const channel = tamed(await open(model));
    // It may have died together with the connection before anybody could listen for that.
    if (this.model !== model) throw new BrokerUnavailable('the connection was lost meanwhile');
    return channel;
  }
}
