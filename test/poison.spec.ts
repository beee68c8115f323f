import { afterEach, describe, expect, it } from '@jest/globals';
import { run } from './cli/command-line.js';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

const MIB = 1024 * 1024;

describe('one bad event', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('goes to the dead-letter queue with the reason and never stops its batch', async () => {
    // Room for an event that outweighs what RabbitMQ takes: an answer may have 40 MiB.
    system = await TestSystem.open({
      settings: { DRAIN_EVENT_BYTES: String(MIB), DRAIN_ANSWER_BYTES: String(80 * MIB) },
    });
    const { portal, downstream } = system;
    system.push(1, 10);
    portal.push({ event: `ON${'LONG'.repeat(80)}`, data: { FIELDS: { ID: '11' } }, force: true });
    portal.push({
      event: 'ONCRMDEALUPDATE',
      data: { FIELDS: { ID: '12' }, BLOB: 'x'.repeat(17 * MIB) },
    });
    portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: '13' } }, messageId: 'ü'.repeat(100) });
    system.push(14, 20);
    await until('the good ones', () => ['1', '10', '14', '20'].every((id) => system.delivered().has(id)));
    await until('the bad ones', async () => (await downstream.depth(downstream.names.dead)) === 3);
    await until('an empty queue on the portal', () => portal.rows().length === 0);
    const reasons: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      const letter = await downstream.channel.get(downstream.names.dead, { noAck: true });
      if (letter === false) throw new Error('the queue is shorter than it said');
      reasons.push(String(letter.properties.headers?.['x-bridge-reason']));
      expect(JSON.parse(letter.content.toString())).toMatchObject({ specversion: '1.0', portal: 'acme' });
    }
    expect(reasons.sort()).toEqual([
      expect.stringMatching(/\d+ bytes/),
      expect.stringMatching(/correlation id/),
      expect.stringMatching(/routing key/),
    ]);
  });

  it('that outweighs an answer suspends its portal, and comes with all others when there is room', async () => {
    system = await TestSystem.open({ settings: { PORTAL_RECHECK_MS: '600000' } });
    const { bridge, portal } = system;
    portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: '1' }, BLOB: 'x'.repeat(11 * MIB) } });
    system.push(2, 5);
    const suspended = () =>
      bridge.lines.find(
        ({ message }) => message?.event === 'portal.state' && message['state'] === 'suspended',
      );
    await until('its suspension', () => suspended() !== undefined);
    expect(JSON.stringify(suspended()?.message)).toContain('ANSWER_TOO_LARGE');
    expect(portal.rows()).toHaveLength(5);
    await bridge.stop();
    Object.assign(bridge.settings, {
      DRAIN_EVENT_BYTES: String(MIB),
      DRAIN_ANSWER_BYTES: String(64 * MIB),
    });
    bridge.start();
    expect((await run(bridge, ['portals', 'resume', 'acme'])).exitCode).toBe(0);
    await until('all of them', () => ['1', '2', '3', '4', '5'].every((id) => system.delivered().has(id)));
    await until('an empty queue on the portal', () => portal.rows().length === 0);
  }, 120_000);

  it.each(['$result[a][b]', ''])(
    'whose id (%j) no mark can carry is retried from the ledger instead',
    async (messageId) => {
      system = await TestSystem.open({
        settings: { RETRY_BASE_DELAY_MS: '300', RETRY_MAX_DELAY_MS: '1000' },
        onEvent: (event, downstream) => {
          if (event.attempt === 1) downstream.reply({ status: 'failed' }, event);
          downstream.channel.ack(event.message);
        },
      });
      system.portal.push({
        event: 'ONCRMDEALUPDATE',
        data: { FIELDS: { ID: '1' } },
        messageId,
      });
      await until('the retry', () => system.downstream.received.some((event) => event.attempt === 2));
      await until('an empty queue', () => system.portal.rows().length === 0);
      expect(system.portal.counters.perMethod['event.offline.error']).toBeUndefined();
    },
  );

  it('among a flood of replies holds nothing back', async () => {
    system = await TestSystem.open();
    const { downstream } = system;
    for (let i = 0; i < 20_000; i += 1)
      downstream.reply(
        i % 100 === 0 ? 'garbage' : { portal: 'acme', process_id: 'p', message_id: [String(i)] },
      );
    system.push(1, 200);
    await until('every event', () => system.delivered().size === 200);
    await until(
      'no reply to be left',
      async () => (await downstream.depth(downstream.names.replies)) === 0,
      60_000,
    );
    await until(
      'the garbage set aside',
      async () => (await downstream.depth(downstream.names.rejected)) === 200,
      60_000,
    );
    await until('an empty queue on the portal', () => system.portal.rows().length === 0);
  });
});
