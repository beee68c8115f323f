import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import { openBeforeInstall } from '../support/before-install.js';
import { RABBITMQ_URL } from '../support/test-bridge.js';
import { OwnPortal } from '../support/own-portal.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { BACK_WITHIN_MS, Meter, nothingLost, notReady, readyAgain, seconds } from './outage.js';

const administrator = async <T>(work: (channel: amqp.Channel) => Promise<T>): Promise<T> => {
  const connection = await amqp.connect(RABBITMQ_URL);
  try {
    return await work(await connection.createChannel());
  } finally {
    await connection.close();
  }
};

describe("the bridge's queues in other people's hands", () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('a queue of another kind in the way is named with the difference, and when it is gone the work begins', async () => {
    system = await TestSystem.prepare();
    const { bridge, downstream, portal } = system;
    const { replies } = downstream.names;
    await administrator((channel) => channel.assertQueue(replies, { durable: true }));
    bridge.start();
    await bridge.logged('http.listening');
    for (const reason of [
      (await bridge.logged('broker.conflict')).message['reason'],
      await notReady(system, 'broker'),
    ]) {
      expect(reason).toContain(
        `queue ${replies} exists and is not what the bridge needs: inequivalent arg 'x-`,
      );
      expect(reason).toMatch(
        /received the value .* but current is none.*Delete it.*or set another AMQP_PREFIX/s,
      );
    }
    portal.bind('ONCRMDEALUPDATE');
    system.push(1, 20);
    const meter = new Meter(system);
    await seconds(2);
    expect((await system.get('/health/live')).status).toBe(200);
    expect(portal.rows().filter((row) => row.PROCESS_ID !== '')).toEqual([]);
    expect(meter.read().lines).toBeLessThan(5);
    await administrator((channel) => channel.deleteQueue(replies));
    await readyAgain(system);
    await downstream.start({ bindings: ['#'] });
    await until('the installation', () => portal.bindings().length === 3, BACK_WITHIN_MS);
    system.push(21, 40);
    await until('an empty queue', () => portal.rows().length === 0, BACK_WITHIN_MS);
    // Those that came before anybody was bound are where nothing is lost; the queue counts them a moment later, and
    // silence settles an event that is still on its way to us.
    const kept = async () => system.delivered().size + (await downstream.depth(downstream.names.unrouted));
    await until('all of them', async () => (await kept()) >= 40, BACK_WITHIN_MS);
    expect(await kept()).toBe(40);
  });
});

describe("the reply queue of a running bridge in other people's hands", () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await openBeforeInstall({ settings: { SETTLE_MODE: 'ack', SETTLE_AFTER_MS: '600000' } });
  });
  afterAll(() => system.close());

  it('a reply queue that is deleted under the running service is declared again and consumed', async () => {
    const { bridge, downstream } = system;
    const own = await OwnPortal.installed(system);
    const { portal } = own;
    await bridge.logged('replies.consuming');
    own.push(1, 30);
    await until('every event', () => own.delivered().size === 30);
    const meter = new Meter(own);
    await administrator((channel) => channel.deleteQueue(downstream.names.replies));
    await until(
      'a consumer of the new queue',
      () => bridge.lines.filter((line) => line.message?.event === 'replies.consuming').length === 2,
      BACK_WITHIN_MS,
    );
    expect(bridge.find('replies.interrupted')?.message['reason']).toEqual(expect.any(String));
    for (const event of own.received) downstream.reply({ status: 'processed' }, event);
    await until('every reply to count', () => portal.rows().length === 0, BACK_WITHIN_MS);
    // Rejected events find their way to the new queue as well; on a slow broker its binding stands after the queue.
    const routed = () =>
      administrator(async (channel) => {
        let returned = false;
        channel.on('return', () => (returned = true));
        channel.publish(downstream.names.failures, '', Buffer.from('{"status":"processed"}'), {
          correlationId: own.received[0]?.message.properties.correlationId as string,
          mandatory: true,
        });
        // What nobody took came back before this answer.
        await channel.checkExchange(downstream.names.failures);
        return !returned;
      });
    await until('the binding', routed, BACK_WITHIN_MS);
    await until('the reply that came by it', async () => {
      const { body } = await system.get('/metrics');
      return /bridge_replies_total\{kind="\w+"\} 31/.test(body);
    });
    expect(meter.read().lines).toBeLessThan(20);
    await readyAgain(system);
    await nothingLost(own, 30);
    await own.leave();
  });

  it('a reply queue whose name somebody else had for a while is declared and consumed when it is free', async () => {
    const { bridge, downstream } = system;
    const own = await OwnPortal.installed(system);
    const { portal } = own;
    await bridge.logged('replies.consuming');
    const consuming = () => bridge.lines.filter((line) => line.message?.event === 'replies.consuming').length;
    const before = consuming();
    const other = await amqp.connect(RABBITMQ_URL);
    // It ends with the connection, and nobody else may use or declare it meanwhile.
    await until('the name', async () => {
      const channel = await other.createChannel();
      channel.on('error', () => undefined);
      // The bridge may have been quicker.
      await channel.deleteQueue(downstream.names.replies);
      return channel.assertQueue(downstream.names.replies, { exclusive: true }).then(
        () => true,
        () => false,
      );
    });
    // Long enough for several connections of the consumer that find nothing to consume.
    await seconds(8);
    expect(consuming()).toBe(before);
    await other.close();
    await until('a consumer of the new queue', () => consuming() > before, BACK_WITHIN_MS);
    own.push(1, 5);
    await until('every event', () => own.delivered().size === 5);
    for (const event of own.received) downstream.reply({ status: 'processed' }, event);
    await until('every reply to count', () => portal.rows().length === 0, BACK_WITHIN_MS);
  });
});
