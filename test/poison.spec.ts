import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { run } from './cli/in-process.js';
import { openBeforeInstall } from './support/before-install.js';
import { type LogLine } from './support/test-bridge.js';
import { type Received } from './support/downstream.js';
import { OwnPortal } from './support/own-portal.js';
import { type TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

const MIB = 1024 * 1024;
/** Room for an event that outweighs what RabbitMQ takes: an answer may have 40 MiB. */
const ROOM = { DRAIN_EVENT_BYTES: String(MIB), DRAIN_ANSWER_BYTES: String(80 * MIB) };

/** A thousand are in hand at once, and others wait. */
const FLOOD = 2000;

describe('one bad event', () => {
  let system: TestSystem;
  /** Whether the consumer fails the event. */
  let fails: (event: Received) => boolean = () => false;
  /** Has an event that an answer had no room for, and was suspended. */
  let outweighing: OwnPortal;
  let suspended: LogLine | undefined;
  let heldWhileSuspended: number;
  beforeAll(async () => {
    system = await openBeforeInstall({
      settings: { PORTAL_RECHECK_MS: '600000', RETRY_BASE_DELAY_MS: '300', RETRY_MAX_DELAY_MS: '1000' },
      onEvent: (event, downstream) => {
        if (fails(event)) downstream.reply({ status: 'failed' }, event);
        downstream.channel.ack(event.message);
      },
    });
    const { bridge } = system;
    outweighing = await OwnPortal.installed(system);
    const { portal } = outweighing;
    // An answer may have 10 MiB, and then 40.
    portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: '1' }, BLOB: 'x'.repeat(10 * MIB) } });
    outweighing.push(2, 5);
    await until('its suspension', () => {
      suspended = outweighing.lines('portal.state').find(({ message }) => message['state'] === 'suspended');
      return suspended !== undefined;
    });
    heldWhileSuspended = portal.rows().length;
    await bridge.stop();
    bridge.start(ROOM);
  }, 60_000);
  afterEach(() => {
    fails = () => false;
  });
  afterAll(() => system?.close());

  it('goes to the dead-letter queue with the reason and never stops its batch', async () => {
    const { downstream } = system;
    const own = await OwnPortal.installed(system);
    const { portal } = own;
    own.push(1, 10);
    portal.push({ event: `ON${'LONG'.repeat(80)}`, data: { FIELDS: { ID: '11' } }, force: true });
    portal.push({
      event: 'ONCRMDEALUPDATE',
      data: { FIELDS: { ID: '12' }, BLOB: 'x'.repeat(16 * MIB) },
    });
    portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: '13' } }, messageId: 'ü'.repeat(100) });
    own.push(14, 20);
    await until('the good ones', () => ['1', '10', '14', '20'].every((id) => own.delivered().has(id)));
    await until('the bad ones', async () => (await downstream.depth(downstream.names.dead)) === 3);
    await until('an empty queue on the portal', () => portal.rows().length === 0);
    const reasons: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      const letter = await downstream.channel.get(downstream.names.dead, { noAck: true });
      if (letter === false) throw new Error('the queue is shorter than it said');
      reasons.push(String(letter.properties.headers?.['x-bridge-reason']));
      expect(JSON.parse(letter.content.toString())).toMatchObject({
        specversion: '1.0',
        portal: portal.name,
      });
    }
    expect(reasons.sort()).toEqual([
      expect.stringMatching(/\d+ bytes/),
      expect.stringMatching(/correlation id/),
      expect.stringMatching(/routing key/),
    ]);
  });

  it.each(['$result[a][b]', ''])(
    'whose id (%j) no mark can carry is retried from the ledger instead',
    async (messageId) => {
      fails = ({ attempt }) => attempt === 1;
      const own = await OwnPortal.installed(system);
      own.portal.push({
        event: 'ONCRMDEALUPDATE',
        data: { FIELDS: { ID: '1' } },
        messageId,
      });
      await until('the retry', () => own.received.some((event) => event.attempt === 2));
      await until('an empty queue', () => own.portal.rows().length === 0);
      expect(own.portal.counters.perMethod['event.offline.error']).toBeUndefined();
    },
  );

  it('among a flood of replies holds nothing back', async () => {
    const own = await OwnPortal.installed(system);
    const { downstream } = system;
    for (let i = 0; i < FLOOD; i += 1)
      downstream.reply(
        i % 100 === 0 ? 'garbage' : { portal: own.portal.name, process_id: 'p', message_id: [String(i)] },
      );
    own.push(1, 200);
    await until('every event', () => own.delivered().size === 200);
    await until(
      'no reply to be left',
      async () => (await downstream.depth(downstream.names.replies)) === 0,
      60_000,
    );
    await until(
      'the garbage set aside',
      async () => (await downstream.depth(downstream.names.rejected)) === FLOOD / 100,
      60_000,
    );
    await until('an empty queue on the portal', () => own.portal.rows().length === 0);
  });

  it('that outweighs an answer suspends its portal, and comes with all others when there is room', async () => {
    const { portal } = outweighing;
    expect(JSON.stringify(suspended?.message)).toContain('ANSWER_TOO_LARGE');
    expect(heldWhileSuspended).toBe(5);
    expect((await run(system.bridge, ['portals', 'resume', portal.name])).exitCode).toBe(0);
    await until('all of them', () =>
      ['1', '2', '3', '4', '5'].every((id) => outweighing.delivered().has(id)),
    );
    await until('an empty queue on the portal', () => portal.rows().length === 0);
  }, 120_000);
});
