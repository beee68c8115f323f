import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import { RABBITMQ_URL } from './support/test-bridge.js';
import { DemoRun, LIMIT_MS } from './support/demo-run.js';

async function exchangeExists(name: string): Promise<boolean> {
  const connection = await amqp.connect(RABBITMQ_URL);
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    await channel.checkExchange(name);
    return true;
  } catch {
    return false;
  } finally {
    await connection.close().catch(() => undefined);
  }
}

describe('the demo checks its own books', () => {
  let demo: DemoRun;

  afterEach(() => demo.end());

  it(
    'ends with 0 when they balance, having failed events in all four ways, and leaves nothing behind',
    async () => {
      // One event of thirty-three fails, and it takes four that do, on a busy machine, too.
      demo = new DemoRun('--seconds', '10');
      const code = await demo.exit;
      expect(demo.output).toMatch(/The books balance\.\n$/);
      expect(code).toBe(0);
      const failures =
        /(\d+) failures reported \((\d+) single, (\d+) group, (\d+) nestjs, (\d+) dead-letter\)/.exec(
          demo.output,
        );
      expect(failures).not.toBeNull();
      for (const count of failures!.slice(1)) expect(Number(count)).toBeGreaterThan(0);
      expect(demo.output).toMatch(new RegExp(`retried: ${failures![1]}, waiting: 0, dead: 0`));
      // No line of the bridge's log.
      expect(demo.output).not.toContain('{"');
      const exchange = /exchange (\S+),/.exec(demo.address('RabbitMQ') ?? '')?.[1];
      expect(exchange).toMatch(/^demo-[0-9a-f]+\.events$/);
      expect(await exchangeExists(exchange!)).toBe(false);
      expect(existsSync(dirname(demo.address('ledger')!))).toBe(false);
    },
    LIMIT_MS,
  );
});
