import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { run } from './cli/in-process.js';
import { openBeforeInstall } from './support/before-install.js';
import { type Received } from './support/downstream.js';
import { OwnPortal } from './support/own-portal.js';
import { type TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

const DATA = '{"FIELDS":{"ID":9007199254740993,"SUM":100.00,"RATE":1.0,"ODD":[1e400,-0,1E5,0.10,"1.0"]}}';

describe('numbers in what a portal sends', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await openBeforeInstall({
      settings: { RETRY_BASE_DELAY_MS: '300', RETRY_MAX_DELAY_MS: '600', RETRY_MAX_ATTEMPTS: '2' },
      onEvent: (event, downstream) => {
        if (event.body['subject'] === 'crm.deal/9007199254740993') {
          downstream.reply({ status: 'failed', reason: 'no' }, event);
        }
        downstream.channel.ack(event.message);
      },
    });
  });
  afterAll(() => system?.close());
  const bodyOf = (event: Received | undefined) => event?.message.content.toString() ?? '';

  it.each([
    ['with reservations', true],
    ['on a plan without', false],
  ])('reach consumers digit for digit, at every delivery: %s', async (_plan, extended) => {
    const own = await OwnPortal.installed(system, { extended });
    own.portal.push({ event: 'ONCRMDEALUPDATE', dataText: DATA, userId: '1' });
    own.push(1, 2);
    const { dead } = system.downstream.names;
    await until('the dead letter', async () => (await system.downstream.depth(dead)) === 1);
    const deliveries = own.received.filter((event) => bodyOf(event).includes('"SUM"'));
    expect(deliveries.map((event) => event.attempt)).toEqual([1, 2]);
    for (const delivery of deliveries) {
      expect(bodyOf(delivery)).toContain(`"data":{"event":"ONCRMDEALUPDATE","data":${DATA},"userId":"1"}`);
      expect(delivery.body['subject']).toBe('crm.deal/9007199254740993');
    }
    const letter = await system.downstream.channel.get(dead, { noAck: true });
    expect(letter !== false && letter.content.toString()).toBe(bodyOf(deliveries.at(-1)));
    await until('an empty queue', () => own.portal.rows().length === 0);
    expect(own.delivered()).toContain('2');

    const id = deliveries[0]?.id ?? '';
    const shown = await run(system.bridge, ['events', 'show', id]);
    expect(shown.stdout).toContain('"ID": 9007199254740993');
    expect(shown.stdout).toContain('"SUM": 100.00');
    expect((await run(system.bridge, ['events', 'show', id, '--json'])).stdout).toContain('"SUM": 100.00');
  });
});
