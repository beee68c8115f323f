import amqp, { type Channel, type ChannelModel } from 'amqplib';
import { deleteTopology, type TopologyNames, topologyNames } from '../../src/broker/topology.js';
import { rowIdOf } from './consumer.js';

/** The demo's view of the broker: what lies in the queues, and in the end nothing of ours. */
export class DemoBroker {
  /** Rows whose events were given up, `acme/17`. */
  readonly dead: string[] = [];
  private readonly names: TopologyNames;

  private constructor(
    private readonly connection: ChannelModel,
    private readonly channel: Channel,
    prefix: string,
    private readonly consumerQueue: string,
  ) {
    this.names = topologyNames(prefix);
  }

  /** @throws Error when no broker answers */
  static async connect(url: string, prefix: string, consumerQueue: string): Promise<DemoBroker> {
    const connection = await amqp.connect(url, { timeout: 10_000 });
    connection.on('error', () => undefined);
    return new DemoBroker(connection, await connection.createChannel(), prefix, consumerQueue);
  }

  /** Takes what arrives in the dead-letter queue; the bridge must have declared it. */
  async watchDead(): Promise<void> {
    await this.channel.consume(this.names.dead, (message) => {
      if (message === null) return;
      const event = JSON.parse(message.content.toString()) as Record<string, unknown>;
      const rowId = rowIdOf(String(event['id']), String(event['memberid']));
      this.dead.push(`${String(event['portal'])}/${rowId}`);
      this.channel.ack(message);
    });
  }

  /** Messages that wait in each queue which should be empty in the end. */
  async depths(): Promise<Record<string, number>> {
    const { replies, rejected, unrouted, dead } = this.names;
    const depths: Record<string, number> = {};
    for (const queue of [this.consumerQueue, replies, rejected, unrouted, dead]) {
      depths[queue] = (await this.channel.checkQueue(queue)).messageCount;
    }
    return depths;
  }

  /** Deletes every queue and exchange of the prefix, and disconnects. */
  async remove(): Promise<void> {
    await this.channel.deleteQueue(this.consumerQueue);
    await deleteTopology(this.channel, this.names);
    await this.connection.close();
  }
}
