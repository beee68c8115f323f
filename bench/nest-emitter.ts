import { Logger } from '@nestjs/common';
import { type ClientProxy, ClientProxyFactory, Transport } from '@nestjs/microservices';
import { readTask } from './support/child-program.js';
import { type Sample } from './support/statistics.js';

/** Emits the same event so many times. */
export interface NestEmitTask {
  readonly rabbitmqUrl: string;
  readonly exchange: string;
  /** As the exchange was declared: the client declares it again. */
  readonly exchangeArguments: Readonly<Record<string, string>>;
  readonly pattern: string;
  readonly data: object;
  readonly count: number;
  /** Events emitted whose observable has not completed, at most. */
  readonly window: number;
}

export interface NestEmitReport {
  /** Completed observables over time. */
  readonly samples: readonly Sample[];
  readonly cpuSeconds: number;
}

const SAMPLE_EVERY = 500;

async function emitAll(task: NestEmitTask): Promise<NestEmitReport> {
  const client: ClientProxy = ClientProxyFactory.create({
    transport: Transport.RMQ,
    options: {
      urls: [task.rabbitmqUrl],
      exchange: task.exchange,
      exchangeType: 'topic',
      exchangeArguments: { ...task.exchangeArguments },
      wildcards: true,
      persistent: true,
    },
  });
  await client.connect();
  const samples: Sample[] = [];
  const cpu = process.cpuUsage();
  await new Promise<void>((resolve, reject) => {
    let sent = 0;
    let completed = 0;
    const pump = () => {
      while (sent < task.count && sent - completed < task.window) {
        sent += 1;
        client.emit(task.pattern, task.data).subscribe({ complete, error: reject });
      }
    };
    const complete = () => {
      completed += 1;
      if (completed % SAMPLE_EVERY === 0) samples.push({ at: performance.now(), count: completed });
      if (completed === task.count) resolve();
      else pump();
    };
    pump();
  });
  const { user, system } = process.cpuUsage(cpu);
  await client.close();
  return { samples, cpuSeconds: (user + system) / 1e6 };
}

Logger.overrideLogger(['error', 'warn']);
const { task, report, finish } = await readTask<NestEmitTask>();
report(await emitAll(task));
await finish();
