import { afterEach, describe, expect, it } from '@jest/globals';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

describe('one bad event', () => {
  let stage: Stage;
  afterEach(() => stage.close());

  it('goes to the dead-letter queue with the reason and never stops its batch', async () => {
    stage = await Stage.open();
    const { portal, downstream } = stage;
    stage.push(1, 10);
    portal.push({ event: `ON${'LONG'.repeat(80)}`, data: { FIELDS: { ID: '11' } }, force: true });
    portal.push({
      event: 'ONCRMDEALUPDATE',
      data: { FIELDS: { ID: '12' }, BLOB: 'x'.repeat(17 * 1024 * 1024) },
    });
    portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: '13' } }, messageId: 'ü'.repeat(100) });
    stage.push(14, 20);
    await until('the good ones', () => ['1', '10', '14', '20'].every((id) => stage.delivered().has(id)));
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

  it.each(['$result[a][b]', ''])(
    'whose id (%j) no mark can carry is retried from the ledger instead',
    async (messageId) => {
      stage = await Stage.open({
        settings: { RETRY_BASE_DELAY_MS: '300', RETRY_MAX_DELAY_MS: '1000' },
        onEvent: (event, downstream) => {
          if (event.attempt === 1) downstream.reply({ status: 'failed' }, event);
          downstream.channel.ack(event.message);
        },
      });
      stage.portal.push({
        event: 'ONCRMDEALUPDATE',
        data: { FIELDS: { ID: '1' } },
        messageId,
      });
      await until('the retry', () => stage.downstream.received.some((event) => event.attempt === 2));
      await until('an empty queue', () => stage.portal.rows().length === 0);
      expect(stage.portal.counters.perMethod['event.offline.error']).toBeUndefined();
    },
  );

  it('among a flood of replies holds nothing back', async () => {
    stage = await Stage.open();
    const { downstream } = stage;
    for (let i = 0; i < 20_000; i += 1)
      downstream.reply(
        i % 100 === 0 ? 'garbage' : { portal: 'acme', process_id: 'p', message_id: [String(i)] },
      );
    stage.push(1, 200);
    await until('every event', () => stage.delivered().size === 200);
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
    await until('an empty queue on the portal', () => stage.portal.rows().length === 0);
  });
});
