import amqp from 'amqplib';
import { readTask } from './support/child-program.js';

/** Takes so many messages out of a queue. */
export interface RawConsumeTask {
  readonly rabbitmqUrl: string;
  readonly queue: string;
  readonly count: number;
  readonly prefetch: number;
}

export type RawConsumeReport = { readonly ready: true } | { readonly cpuSeconds: number };

/** Says when it consumes, and ends when it has acknowledged them all, one by one. */
async function consumeRaw(task: RawConsumeTask, say: (report: RawConsumeReport) => void): Promise<void> {
  const connection = await amqp.connect(task.rabbitmqUrl);
  const channel = await connection.createChannel();
  await channel.prefetch(task.prefetch);
  const cpu = process.cpuUsage();
  await new Promise<void>((resolve) => {
    let taken = 0;
    void channel
      .consume(task.queue, (message) => {
        if (message === null) return;
        channel.ack(message);
        taken += 1;
        if (taken === task.count) resolve();
      })
      .then(() => say({ ready: true }));
  });
  const { user, system } = process.cpuUsage(cpu);
  say({ cpuSeconds: (user + system) / 1e6 });
  await channel.close();
  await connection.close();
}

const { task, report, finish } = await readTask<RawConsumeTask>();
await consumeRaw(task, report);
await finish();
