import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import { type EmulatedPortal } from '../emulator/index.js';
import { begin } from './cli/command-line.js';
import { json, run } from './cli/in-process.js';
import { BACK_WITHIN_MS, nothingLost, readyAgain, seconds } from './outages/outage.js';
import { BridgeInside } from './support/bridge-inside.js';
import { type BridgeProcess } from './support/bridge-process.js';
import { RABBITMQ_URL, type TestBridge } from './support/test-bridge.js';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

/** A former owner looks every 2 s, a new one waits 5 s for it; the rest is for a busy machine. */
const HANDOVER_MS = 25_000;

interface Diagnosis {
  readonly findings: readonly { subject: string; verdict: string; text: string }[];
}

describe('two bridges with a database each on one prefix', () => {
  let system: TestSystem<BridgeProcess>;
  let second: BridgeInside;
  let globex: EmulatedPortal;
  beforeAll(async () => {
    system = await TestSystem.open({
      process: true,
      settings: { RETRY_MAX_ATTEMPTS: '2', RETRY_BASE_DELAY_MS: '300', SETTLE_AFTER_MS: '3000' },
      onEvent: (event, downstream) => {
        // Every third one fails once: a reply that went to the other bridge would be a retry that never comes.
        if (event.attempt === 1 && Number(event.objectId) % 3 === 0)
          downstream.replyAndAcknowledge({ status: 'failed', reason: 'once' }, event);
        else downstream.channel.ack(event.message);
      },
    });
  });
  afterAll(() => system.close());
  // The first one of both has the prefix before each test, and after it.
  beforeEach(() => {
    globex = system.emulator.addPortal({ name: `globex-${system.emulator.portals().length}` });
    second = new BridgeInside({
      ...system.bridge.settings,
      B24_DOMAIN: globex.domain,
      B24_REFRESH_TOKEN: globex.issueRefreshToken(),
    });
  });
  afterEach(() => second.remove());

  const unready = async (bridge: TestBridge): Promise<string | null> => {
    const response = await fetch(new URL('/health/ready', bridge.url));
    const { error } = (await response.json()) as { error?: { broker?: { reason?: string } } };
    return response.status === 503 ? (error?.broker?.reason ?? '') : null;
  };
  const push = (portal: EmulatedPortal, from: number, to: number) => {
    for (let id = from; id <= to; id += 1)
      portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: String(id) } }, userId: '1' });
  };
  const retried = () => system.downstream.received.filter(({ attempt }) => attempt === 2).length;
  const idOf = (bridge: TestBridge) => String(bridge.find('database.ready')?.message['identity']);
  const arrived = (id: number) => system.delivered().has(String(id));

  it('the second drains nothing, says whose it is, and takes no reply; a take-over changes that, both ways', async () => {
    second.start();
    await second.logged('broker.prefix_taken');
    const reason = await unready(second);
    expect(reason).toContain(idOf(system.bridge));
    expect(reason).toContain('AMQP_PREFIX');
    expect(reason).toContain('broker take-over');
    expect(await unready(system.bridge)).toBeNull();

    push(globex, 1001, 1005);
    system.push(1, 60);
    await nothingLost(system, 60);
    await until('every failure to be retried', () => retried() === 20);
    await until('an empty queue', () => system.portal.rows().length === 0);
    expect(globex.counters.requests).toBe(0);
    expect(await system.downstream.depth(system.downstream.names.rejected)).toBe(0);
    expect(second.find('replies.consuming')).toBeUndefined();

    const { findings, exitCode } = await json<Diagnosis>(second, ['doctor']);
    expect(exitCode).toBe(1);
    const prefix = findings.find(({ subject }) => subject === 'prefix');
    expect(prefix).toMatchObject({ verdict: 'wrong' });
    expect(prefix?.text).toContain(idOf(system.bridge));

    // Nobody says yes.
    const asked = begin(second, ['broker', 'take-over']);
    await asked.says('Take it over for this database');
    asked.type('n');
    expect((await asked.ended).exitCode).toBe(1);
    expect(asked.stderr).toContain('read the replies now');
    expect(await unready(system.bridge)).toBeNull();

    expect(await run(second, ['broker', 'take-over', '--yes'])).toMatchObject({ exitCode: 0 });
    // It has noticed by the time that the command ends.
    expect(await unready(system.bridge)).toContain(idOf(second));
    expect(system.bridge.find('broker.prefix_taken')).toBeDefined();
    await second.logged('portal.installed', HANDOVER_MS);
    await until('bindings', () => globex.bindings().length === 3);
    push(globex, 2001, 2005);
    system.push(101, 105);
    await until('the second to drain', () => arrived(2005), HANDOVER_MS);
    await seconds(2);
    expect(arrived(101)).toBe(false);
    expect(system.portal.rows().every((row) => row.PROCESS_ID === '')).toBe(true);
    await until('an empty queue', () => globex.rows().length === 0, HANDOVER_MS);

    const back = await json<{ owner: string; formerOwner: string }>(system.bridge, [
      'broker',
      'take-over',
      '--yes',
    ]);
    expect(back).toMatchObject({ exitCode: 0, owner: idOf(system.bridge), formerOwner: idOf(second) });
    await until('the first to drain again', () => arrived(105), HANDOVER_MS);
    expect(await unready(second)).toContain(idOf(system.bridge));
    expect((await json<Diagnosis>(system.bridge, ['doctor'])).findings).toContainEqual(
      expect.objectContaining({ subject: 'prefix', verdict: 'ok' }),
    );
    await until('every failure to be retried', () => system.portal.rows().length === 0, HANDOVER_MS);
  });

  it('the mark is made anew where it is deleted, and kept over a restart of the owner', async () => {
    const connection = await amqp.connect(RABBITMQ_URL);
    try {
      const channel = await connection.createChannel();
      const { owner } = system.downstream.names;
      await channel.deleteExchange(owner);
      await until('the mark', async () => {
        const look = await connection.createChannel();
        look.on('error', () => undefined);
        return look.checkExchange(owner).then(
          () => true,
          () => false,
        );
      });
    } finally {
      await connection.close();
    }
    await system.bridge.stop('SIGKILL');
    second.start();
    await second.logged('broker.prefix_taken');
    system.bridge.start();
    await system.bridge.logged('replies.consuming');
    await readyAgain(system);
    system.push(301, 305);
    await until('every event', () => [301, 302, 303, 304, 305].every(arrived), BACK_WITHIN_MS);
    await until('an empty queue', () => system.portal.rows().length === 0, BACK_WITHIN_MS);
    expect(globex.counters.requests).toBe(0);
  });
});
