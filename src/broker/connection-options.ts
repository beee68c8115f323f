import { type BrokerLogger } from './logger.js';
import { type TopologyNames } from './topology.js';

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
