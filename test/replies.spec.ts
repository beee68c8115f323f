import { afterEach, describe, expect, it } from '@jest/globals';
import { type Received } from './support/downstream.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

describe('replies', () => {
  let stage: Stage;
  afterEach(() => stage.close());

  it('that cannot be understood go to the rejected queue, untouched, with the reason', async () => {
    stage = await Stage.open();
    const hostile = ['not json', '[]', '{"status":"maybe"}', '{"process_id":"x"}', ''];
    for (const body of hostile) stage.downstream.reply(body);
    const { rejected, replies } = stage.downstream.names;
    await until('all rejected', async () => (await stage.downstream.depth(rejected)) === hostile.length);
    const bodies: string[] = [];
    for (let i = 0; i < hostile.length; i += 1) {
      const message = await stage.downstream.channel.get(rejected, { noAck: true });
      if (message === false) throw new Error('the queue is shorter than it said');
      bodies.push(message.content.toString());
      expect(message.properties.headers?.['x-bridge-error']).toEqual(expect.stringMatching(/\S/));
    }
    expect(bodies.sort()).toEqual([...hostile].sort());
    expect(await stage.downstream.depth(replies)).toBe(0);
    const metrics = await stage.get('/metrics');
    expect(metrics.body).toContain('bridge_replies_total{kind="malformed"} 5');
  });

  it('that cannot be understood are rejected once, though they ask to be copied to the reply queue', async () => {
    stage = await Stage.open();
    const { rejected, replies } = stage.downstream.names;
    stage.downstream.channel.sendToQueue(replies, Buffer.from('not json'), {
      CC: [replies],
      headers: { 'x-source': 'billing' },
    });
    await until('rejected', async () => (await stage.downstream.depth(rejected)) > 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await stage.downstream.depth(rejected)).toBe(1);
    const message = await stage.downstream.channel.get(rejected, { noAck: true });
    expect(message === false ? null : message.properties.headers).toMatchObject({ 'x-source': 'billing' });
  });

  it('that cannot be understood nor published again are rejected by the broker', async () => {
    stage = await Stage.open();
    const { rejected, replies } = stage.downstream.names;
    // Over the 16 MiB that the bridge publishes.
    stage.downstream.channel.sendToQueue(replies, Buffer.alloc(17 * 1024 * 1024, 'x'));
    await until('rejected', async () => (await stage.downstream.depth(rejected)) === 1);
    await stage.bridge.logged('replies.rejected_by_broker');
    expect(await stage.downstream.depth(replies)).toBe(0);
    await stage.downstream.channel.purgeQueue(rejected);
  });

  it('of strangers, and repeated ones, are acknowledged and have no effect', async () => {
    const failed: Received[] = [];
    stage = await Stage.open({
      // Long enough for the failure to be heard while the row is still held: a later one would leave no mark.
      settings: { SETTLE_AFTER_MS: '4000' },
      onEvent: (event, downstream) => {
        if (event.objectId === '3' && event.attempt === 1) {
          failed.push(event);
          for (let i = 0; i < 3; i += 1) downstream.reply({ status: 'failed', reason: 'again' }, event);
        }
        downstream.channel.ack(event.message);
      },
    });
    stage.downstream.reply({ portal: 'nobody', process_id: 'x', message_id: ['y'] });
    stage.downstream.reply({ member_id: stage.portal.memberId, process_id: 'unknown', message_id: ['y'] });
    stage.push(1, 5);
    await until(
      'only the failed row to be left',
      () => stage.portal.rows().length === 1 && failed.length === 1,
    );
    await until('the mark', () => stage.portal.rows()[0]?.ERROR === 1);
    expect(stage.portal.counters.perMethod['event.offline.error']).toBe(1);
    await stage.bridge.logged('replies.unknown_delivery');
    expect(await stage.downstream.depth(stage.downstream.names.replies)).toBe(0);
    expect(await stage.downstream.depth(stage.downstream.names.rejected)).toBe(0);
  });

  it('are what settles an event with SETTLE_MODE=ack: silence is a failure', async () => {
    stage = await Stage.open({
      // Long enough for those that reply.
      settings: { SETTLE_MODE: 'ack', SETTLE_AFTER_MS: '4000' },
      onEvent: (event, downstream) => {
        if (event.objectId !== '2') downstream.reply({ status: 'processed' }, event);
        downstream.channel.ack(event.message);
      },
    });
    stage.push(1, 4);
    await until('the silent one to be marked, the others cleared', () => {
      const rows = stage.portal.rows();
      return rows.length === 1 && rows[0]?.ERROR === 1;
    });
    expect(stage.portal.rows()[0]?.EVENT_DATA).toEqual({ FIELDS: { ID: '2' } });
  });
});
