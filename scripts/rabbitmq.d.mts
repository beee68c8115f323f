export interface Rabbitmq {
  /** `amqp://…`, or the value of RABBITMQ_URL as it is. */
  readonly url: string;
  /** Ends what this call started, removes its folder. Nothing happens when it started nothing. */
  stop(): Promise<void>;
}

/** A node that the caller may treat as badly as it likes. */
export interface PrivateNode {
  /** `amqp://…` */
  readonly url: string;
  readonly nodeName: string;
  /** Everything that the node writes is in here. */
  readonly folder: string;
  /** Numbers of the running processes: the node's, its port mapper's, and those of other nodes in the folder. */
  processes(): number[];
  /** rabbitmqctl against this node; resolves to its output, rejects when it fails. */
  ctl(...args: string[]): Promise<string>;
  /**
   * Evaluates Erlang in this node, in plain ASCII: expressions between commas, and a full stop. Rejects when it fails.
   * Takes hardly any CPU, of which every `ctl` takes half a second, where `erl_call` is on the PATH.
   */
  eval(expressions: string): Promise<void>;
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

export type PrivateRabbitmq = Rabbitmq & PrivateNode;

export interface RabbitmqCluster {
  /** Addresses of all nodes, comma-separated, as in RABBITMQ_URL. */
  readonly url: string;
  readonly nodes: readonly PrivateNode[];
  /** Ends all nodes, removes their folder. */
  stop(): Promise<void>;
}

/** Nodes of one cluster; while most of them cannot be seen, a node serves nobody (`pause_minority`). */
export function provideRabbitmqCluster(options?: {
  log?: (line: string) => void;
  size?: number;
}): Promise<RabbitmqCluster>;

export function provideRabbitmq(options: {
  log?: (line: string) => void;
  private: true;
  /** Plugins that come with the server, by name. */
  plugins?: readonly string[];
}): Promise<PrivateRabbitmq>;
export function provideRabbitmq(options?: {
  log?: (line: string) => void;
  private?: boolean;
}): Promise<Rabbitmq & Partial<PrivateRabbitmq>>;
