import amqp, { type Options } from 'amqplib';
import { readTask } from './support/child-program.js';
import { type Sample } from './support/statistics.js';

/** Publishes the same message so many times. */
export interface RawPublishTask {
  readonly rabbitmqUrl: string;
  readonly exchange: string;
  readonly routingKey: string;
  /** Base64. */
  readonly body: string;
  readonly properties: Options.Publish;
  readonly count: number;
  /** Messages sent and not yet confirmed, at most. */
  readonly window: number;
}

export interface RawPublishReport {
  /** Confirms over time. */
  readonly samples: readonly Sample[];
  readonly cpuSeconds: number;
}

const SAMPLE_EVERY = 500;

/** As fast as the client library goes with a window of confirms: nothing is read, decided or stored. */
async function publishRaw(task: RawPublishTask): Promise<RawPublishReport> {
  const connection = await amqp.connect(task.rabbitmqUrl);
  const channel = await connection.createConfirmChannel();
  const body = Buffer.from(task.body, 'base64');
  const samples: Sample[] = [];
  const cpu = process.cpuUsage();
  await new Promise<void>((resolve, reject) => {
    let sent = 0;
    let confirmed = 0;
    let drained = true;
    const pump = () => {
      while (drained && sent < task.count && sent - confirmed < task.window) {
        sent += 1;
        drained = channel.publish(task.exchange, task.routingKey, body, task.properties, answered);
      }
    };
    const answered = (error: unknown) => {
      if (error !== null && error !== undefined) return reject(new Error('a nack', { cause: error }));
      confirmed += 1;
      if (confirmed % SAMPLE_EVERY === 0) samples.push({ at: performance.now(), count: confirmed });
      if (confirmed === task.count) resolve();
      else pump();
    };
    channel.on('drain', () => {
      drained = true;
      pump();
    });
    pump();
  });
  const { user, system } = process.cpuUsage(cpu);
  await connection.close();
  return { samples, cpuSeconds: (user + system) / 1e6 };
}

const { task, report, finish } = await readTask<RawPublishTask>();
report(await publishRaw(task));
await finish();
