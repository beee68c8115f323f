import amqp, { type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';

/** The four ways to say that an event failed. */
export const WAYS = ['single', 'group', 'nestjs', 'dead-letter'] as const;
export type Way = (typeof WAYS)[number];

/** What a consumer reads of an event. */
export interface Received {
  readonly portal: string;
  readonly memberId: string;
  readonly processId: string;
  readonly messageId: string;
  /** The `ID` of the portal's row. */
  readonly rowId: string;
  readonly correlationId: string;
  readonly routingKey: string;
  /** What changed: `crm.deal/17`. */
  readonly subject: string;
  readonly attempt: number;
  /** `snapshot` or `reconciled`; null: it is an event of the portal's own. */
  readonly origin: string | null;
  /** The deal that it carries, in words; null where it carries none. */
  readonly deal: string | null;
  /** How many objects a snapshot has had, where it is the end of one. */
  readonly snapshotCount: number | null;
  /** How it is failed; null: with success, and so without a word. */
  readonly failed: Way | null;
}

/** Failures of one batch are gathered this long before a group reply names them. */
const GROUP_MS = 300;

/**
 * A downstream service: one queue bound to every event. Silence is success, so it answers only what it fails, each
 * time in another of the four ways.
 */
export class SampleConsumer {
  /** Whether it fails anything at all. */
  faulty = true;
  /** Why this very event is refused; null where it is not. */
  refuses: (event: Received) => string | null = () => null;
  private readonly groups = new Map<
    string,
    { event: Received; messageIds: string[]; timer: NodeJS.Timeout }
  >();
  private handled = 0;
  private failures = 0;

  private constructor(
    private readonly connection: ChannelModel,
    private readonly channel: Channel,
    private readonly prefix: string,
    private readonly failEvery: number,
    private readonly onEvent: (event: Received) => void,
  ) {}

  /**
   * @param prefix the bridge's `AMQP_PREFIX`; its exchanges must be there
   * @param failEvery one of so many events fails
   */
  static async start(
    url: string,
    prefix: string,
    failEvery: number,
    onEvent: (event: Received) => void,
  ): Promise<SampleConsumer> {
    const connection = await amqp.connect(url);
    connection.on('error', () => undefined);
    const channel = await connection.createChannel();
    const consumer = new SampleConsumer(connection, channel, prefix, failEvery, onEvent);
    await channel.prefetch(200);
    // A rejected event goes where the bridge listens for failures.
    await channel.assertQueue(consumer.queue, {
      durable: true,
      arguments: { 'x-dead-letter-exchange': `${prefix}.failures` },
    });
    await channel.bindQueue(consumer.queue, `${prefix}.events`, '#');
    await channel.consume(consumer.queue, (message) => {
      if (message !== null) consumer.take(message);
    });
    return consumer;
  }

  get queue(): string {
    return `${this.prefix}.consumer`;
  }

  /** Sends the group replies that still wait. */
  flush(): void {
    for (const key of [...this.groups.keys()]) this.sendGroup(key);
  }

  async close(): Promise<void> {
    for (const { timer } of this.groups.values()) clearTimeout(timer);
    await this.connection.close().catch(() => undefined);
  }

  private take(message: ConsumeMessage): void {
    const whole = read(message, null);
    if (whole.origin === null) this.handled += 1;
    const fails = this.faulty && whole.origin === null && this.handled % this.failEvery === 0;
    const way = fails ? (WAYS[this.failures++ % WAYS.length] ?? 'single') : null;
    const received: Received = { ...whole, failed: way };
    const refusal = this.refuses(received);
    const event: Received = refusal === null ? received : { ...received, failed: 'single' };
    this.onEvent(event);
    if (refusal !== null) {
      this.reply({ status: 'failed', reason: refusal }, event.correlationId);
      this.channel.ack(message);
      return;
    }
    switch (way) {
      case null:
        break;
      case 'single':
        this.reply({ status: 'failed', reason: 'no such customer' }, event.correlationId);
        break;
      case 'group':
        this.addToGroup(event);
        break;
      case 'nestjs':
        // What a NestJS handler that throws makes its server answer.
        this.reply(
          { err: { status: 'error', message: 'Internal server error' }, isDisposed: true },
          event.correlationId,
        );
        break;
      case 'dead-letter':
        this.channel.nack(message, false, false);
        return;
    }
    this.channel.ack(message);
  }

  private addToGroup(event: Received): void {
    const key = `${event.memberId} ${event.processId}`;
    const group = this.groups.get(key);
    if (group !== undefined) group.messageIds.push(event.messageId);
    else {
      const timer = setTimeout(() => this.sendGroup(key), GROUP_MS);
      this.groups.set(key, { event, messageIds: [event.messageId], timer });
    }
  }

  private sendGroup(key: string): void {
    const group = this.groups.get(key);
    if (group === undefined) return;
    this.groups.delete(key);
    clearTimeout(group.timer);
    const { memberId, processId } = group.event;
    this.reply({
      member_id: memberId,
      process_id: processId,
      message_id: group.messageIds,
      reason: 'warehouse does not answer',
    });
  }

  private reply(body: unknown, correlationId?: string): void {
    this.channel.sendToQueue(`${this.prefix}.replies`, Buffer.from(JSON.stringify(body)), {
      persistent: true,
      contentType: 'application/json',
      ...(correlationId === undefined ? {} : { correlationId }),
    });
  }
}

function read(message: ConsumeMessage, failed: Way | null): Received {
  const body = JSON.parse(message.content.toString()) as Record<string, unknown>;
  const memberId = String(body['memberid']);
  const correlationId: unknown = message.properties.correlationId;
  return {
    portal: String(body['portal']),
    memberId,
    processId: String(body['processid']),
    messageId: String(body['messageid']),
    rowId: rowIdOf(String(body['id']), memberId),
    correlationId: typeof correlationId === 'string' ? correlationId : '',
    routingKey: message.fields.routingKey,
    subject: typeof body['subject'] === 'string' ? body['subject'] : '',
    attempt: Number(body['attempt']),
    origin: typeof body['origin'] === 'string' ? body['origin'] : null,
    deal: dealIn(body),
    snapshotCount: countIn(body),
    failed,
  };
}

interface Carried {
  readonly event?: string;
  readonly data?: { readonly types?: readonly { readonly objects: number; readonly superseded: number }[] };
  readonly state?: { readonly object?: { readonly title?: string; readonly stageId?: string } | null };
}

function dealIn({ subject, data }: Record<string, unknown>): string | null {
  const { title, stageId } = (data as Carried).state?.object ?? {};
  return title === undefined || stageId === undefined ? null : `${String(subject)} “${title}” is ${stageId}`;
}

function countIn({ data }: Record<string, unknown>): number | null {
  const { event, data: facts } = data as Carried;
  if (event !== 'bridge.snapshot.completed') return null;
  // Of those of which a newer event was under way, that event tells.
  return (facts?.types ?? []).reduce((sum, { objects, superseded }) => sum + objects - superseded, 0);
}

/** An event's id is `<member id>-<row id>-<time>`. */
export function rowIdOf(eventId: string, memberId: string): string {
  return eventId.slice(memberId.length + 1).split('-')[0] ?? '';
}
