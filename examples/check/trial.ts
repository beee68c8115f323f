import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import amqp, { type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { type Emulator } from '../../emulator/index.js';
import { deleteTopology, type TopologyNames, topologyNames } from '../../src/broker/topology.js';
import { BridgeService } from '../demo/bridge-service.js';

/** A program to try. */
export interface Example {
  /** Also the name of its portal. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

export interface TrialContext {
  readonly rabbitmqUrl: string;
  readonly emulator: Emulator;
  /** For logs and databases. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

const DEALS = 20;
/** Every example fails this one at its first attempt. */
const UNLUCKY = '7';
/** All of it takes a few seconds; a machine at its limit may need much longer. */
const LIMIT_MS = 90_000;
const PACE = {
  DRAIN_INTERVAL_MS: '300',
  SETTLE_AFTER_MS: '2000',
  FAILURE_BATCH_WAIT_MS: '100',
  RETRY_BASE_DELAY_MS: '500',
};

/** One example against a bridge and a portal of its own, from the first event to an empty queue. */
export class Trial {
  private readonly names: TopologyNames;
  private readonly prefix = `example-${randomBytes(4).toString('hex')}`;
  private readonly queue = `${this.prefix}.consumer`;
  private readonly bridge: BridgeService;
  private readonly deadline = Date.now() + LIMIT_MS;
  private readonly copies: ConsumeMessage[] = [];
  private output = '';
  private consumer: ChildProcess | null = null;
  private connection: ChannelModel | null = null;

  constructor(
    private readonly example: Example,
    private readonly context: TrialContext,
  ) {
    const { emulator, folder, rabbitmqUrl } = context;
    this.names = topologyNames(this.prefix);
    mkdirSync(join(folder, example.name));
    this.bridge = new BridgeService(join(folder, example.name), {
      RABBITMQ_URL: rabbitmqUrl,
      AMQP_PREFIX: this.prefix,
      B24_OAUTH_URL: emulator.url,
      B24_CLIENT_ID: emulator.clientId,
      B24_CLIENT_SECRET: emulator.clientSecret,
      B24_ALLOW_HTTP: 'true',
      ...PACE,
    });
  }

  /** @throws Error saying what was waited for in vain */
  async run(): Promise<void> {
    const portal = this.context.emulator.addPortal({ name: this.example.name });
    await this.bridge.start({ domain: portal.domain, refreshToken: portal.issueRefreshToken() });
    await this.until('the bridge to bind its events', () => portal.bindings().length >= 3);
    const channel = await this.listen();
    this.startConsumer();
    await this.until('the consumer to wait for events', () => this.output.includes('waiting for deals on'));
    for (let id = 1; id <= DEALS; id += 1) {
      portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: String(id) } } });
    }
    const every = Array.from({ length: DEALS }, (_, index) => String(index + 1));
    await this.until('every deal to be done', () => every.every((id) => this.attemptsDone(id).length > 0));
    if (!new RegExp(`^deal ${UNLUCKY} failed, attempt 1\\b`, 'm').test(this.output)) {
      throw new Error(`deal ${UNLUCKY} did not fail`);
    }
    for (const id of every) {
      const expected = id === UNLUCKY ? '2' : '1';
      if (this.attemptsDone(id).join() !== expected) {
        throw new Error(`deal ${id} was done at attempt ${this.attemptsDone(id).join()}, not ${expected}`);
      }
    }
    await this.until('an empty queue on the portal', () => portal.rows().length === 0);
    await this.sendCopy(channel);
    for (const queue of [this.names.dead, this.names.rejected]) {
      const { messageCount } = await channel.checkQueue(queue);
      if (messageCount > 0) throw new Error(`${messageCount} messages in ${queue}`);
    }
  }

  /** What the consumer printed, and the end of the bridge's log. */
  traces(): string {
    return `its output:\n${this.output.trimEnd()}\nthe bridge's log ends with:\n${this.bridge.logTail()}`;
  }

  /** Ends the processes and deletes what they declared. */
  async close(): Promise<void> {
    this.consumer?.kill('SIGKILL');
    await this.bridge.stop();
    await this.bridge.closeLog();
    const connection = await amqp.connect(this.context.rabbitmqUrl);
    const channel = await connection.createChannel();
    await channel.deleteQueue(this.queue);
    await deleteTopology(channel, this.names);
    await connection.close();
    await this.connection?.close().catch(() => undefined);
  }

  /** Keeps every event, to have one to repeat. */
  private async listen(): Promise<Channel> {
    this.connection = await amqp.connect(this.context.rabbitmqUrl);
    this.connection.on('error', () => undefined);
    const channel = await this.connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, this.names.events, '#');
    await channel.consume(queue, (message) => message !== null && this.copies.push(message), { noAck: true });
    return channel;
  }

  private startConsumer(): void {
    const { command, args } = this.example;
    const { RABBITMQ_URL: _, ...environment } = process.env;
    const child = spawn(command, args, {
      env: {
        ...environment,
        RABBITMQ_URL: this.context.rabbitmqUrl,
        AMQP_PREFIX: this.prefix,
        QUEUE: this.queue,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    child.on('error', (error) => (this.output += `${error.message}\n`));
    this.consumer = child;
  }

  /** The same event once more, as after a crash: it must be noticed by its id. */
  private async sendCopy(channel: Channel): Promise<void> {
    const [message] = this.copies;
    if (message === undefined) throw new Error('no event was published');
    channel.sendToQueue(this.queue, message.content, {
      contentType: String(message.properties.contentType),
      messageId: String(message.properties.messageId),
      correlationId: String(message.properties.correlationId),
      replyTo: String(message.properties.replyTo),
      headers: message.properties.headers,
    });
    await this.until('a copy to be noticed', () => /^deal \d+ is done already$/m.test(this.output));
  }

  /** Attempts at which a deal was done. */
  private attemptsDone(deal: string): string[] {
    return [...this.output.matchAll(new RegExp(`^deal ${deal} done, attempt (\\d+)$`, 'gm'))].map(
      ([, attempt = '']) => attempt,
    );
  }

  private async until(what: string, condition: () => boolean): Promise<void> {
    while (!condition()) {
      this.context.signal.throwIfAborted();
      if (this.bridge.failure !== null) throw new Error(`the bridge ended: ${this.bridge.failure}`);
      const { consumer } = this;
      if (consumer !== null && (consumer.exitCode !== null || consumer.signalCode !== null)) {
        throw new Error(`it ended with ${consumer.exitCode ?? consumer.signalCode}, waiting for ${what}`);
      }
      if (Date.now() > this.deadline) throw new Error(`waited in vain for ${what}`);
      await pause(50);
    }
  }
}
