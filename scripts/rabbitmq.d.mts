export interface Rabbitmq {
  /** `amqp://…`, or the value of RABBITMQ_URL as it is. */
  readonly url: string;
  /** Ends what this call started, removes its folder. Nothing happens when it started nothing. */
  stop(): Promise<void>;
}

export interface PrivateRabbitmq extends Rabbitmq {
  readonly nodeName: string;
  /** Everything that the node writes is in here. */
  readonly folder: string;
  /** rabbitmqctl against this node; resolves to its output, rejects when it fails. */
  ctl(...args: string[]): Promise<string>;
  /**
   * Resolves once these quorum queues would survive a kill. RabbitMQ writes its list of them about a second
   * after it has answered their declaration; killed before that, it restarts with queues that answer nothing.
   */
  untilOnDisk(...queues: string[]): Promise<void>;
  /** `kill -9` of the node; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same data and ports, killing it first when it runs; resolves when it answers. */
  restart(): Promise<void>;
}

export function provideRabbitmq(options: {
  log?: (line: string) => void;
  private: true;
}): Promise<PrivateRabbitmq>;
export function provideRabbitmq(options?: {
  log?: (line: string) => void;
  private?: boolean;
}): Promise<Rabbitmq & Partial<PrivateRabbitmq>>;
