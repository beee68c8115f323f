import amqp, { type Channel } from 'amqplib';
import { type TopologyNames } from '../../src/broker/topology.js';
import { type Arrival, arrivalOf } from './consumer.js';

const LENGTH = 30;

/**
 * A second service with a queue that refuses what does not fit. It takes its events in bursts, so that the queue is
 * full now and then.
 */
export class NarrowQueue {
  readonly arrivals: Arrival[] = [];
  readonly queue: string;
  /** Whether the queue has been declared and bound once. */
  ready = false;
  private stopping = false;
  private hasty = false;
  private running: Promise<void> | null = null;

  /** @param key of the events that it wants */
  constructor(
    private readonly url: string,
    private readonly names: TopologyNames,
    private readonly key: string,
    private readonly random: () => number,
  ) {
    this.queue = `${names.events}.narrow`;
  }

  start(): void {
    this.running = this.run();
  }

  /** From now on it takes its events as soon as they come. */
  hurry(): void {
    this.hasty = true;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.session();
      } catch {
        // The broker is being tormented; it comes back.
      }
      await pause(300);
    }
  }

  private async session(): Promise<void> {
    const connection = await amqp.connect(this.url, { timeout: 3000 });
    const closed = new Promise<void>((resolve) => connection.once('close', resolve));
    connection.on('error', () => undefined);
    try {
      const channel = await connection.createChannel();
      channel.on('error', () => undefined);
      const refusing = { 'x-queue-type': 'quorum', 'x-max-length': LENGTH, 'x-overflow': 'reject-publish' };
      await channel.assertQueue(this.queue, { durable: true, arguments: refusing });
      await channel.bindQueue(this.queue, this.names.events, this.key);
      this.ready = true;
      while (!this.stopping) {
        await Promise.race([this.takeAll(channel), closed.then(() => Promise.reject(new Error('closed')))]);
        await pause(this.hasty ? 200 : 500 + this.random() * 4000);
      }
    } finally {
      await Promise.race([connection.close().catch(() => undefined), closed, pause(1000)]);
    }
  }

  private async takeAll(channel: Channel): Promise<void> {
    for (;;) {
      const message = await channel.get(this.queue);
      if (message === false) return;
      this.arrivals.push(arrivalOf(message.content.toString(), false));
      channel.ack(message);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
