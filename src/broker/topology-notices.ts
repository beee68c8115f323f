import { type Given } from './declaring.js';
import { type BrokerLogger } from './logger.js';

/** Tells operators of differences between the topology that stands and ours: each once, not at every reconnect. */
export class TopologyNotices {
  private lastGiven = '';
  private lastUnlimited = '';

  constructor(private readonly logger: BrokerLogger) {}

  /** What an operator has made, since our user may not. */
  given(host: string, { found, unseenBindings }: Given): void {
    const said = [...found, ...unseenBindings].join(', ');
    if (said === this.lastGiven) return;
    this.lastGiven = said;
    if (said === '') return;
    this.logger.info({
      event: 'broker.topology_given',
      host,
      found,
      unseenBindings,
      advice:
        'this user has no right to configure: what is there is used as it is, and cannot be looked at closer',
    });
  }

  /** Queues without the limits that they are declared with by now. */
  unlimited(host: string, queues: readonly string[]): void {
    const said = queues.join(', ');
    if (said === this.lastUnlimited) return;
    this.lastUnlimited = said;
    if (said === '') return;
    this.logger.info({
      event: 'broker.queues_without_limit',
      host,
      queues,
      advice:
        'an earlier version declared them, and arguments cannot be changed: import deploy/rabbitmq/limits.json, ' +
        'whose policies set the same limits',
    });
  }
}
