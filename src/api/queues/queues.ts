import { type BrokerConnection } from '../../broker/connection.js';
import { readQueueDepths } from '../../broker/queue-depths.js';
import { type TopologyNames } from '../../broker/topology.js';

/** The queues that people look at. */
export class Queues {
  constructor(
    private readonly broker: BrokerConnection,
    private readonly names: TopologyNames,
  ) {}

  /** Never rejects: what the broker does not tell is null. */
  async read(): Promise<{ role: string; name: string; messages: number | null }[]> {
    const depths = await readQueueDepths(this.broker, this.names);
    return (Object.keys(depths) as (keyof typeof depths)[]).map((role) => ({
      role,
      name: this.names[role],
      messages: depths[role],
    }));
  }
}
