import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PrivateNode, provideRabbitmqCluster, type RabbitmqCluster } from '../../scripts/rabbitmq.mjs';
import { type LogLine } from '../support/test-bridge.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { BACK_WITHIN_MS, nothingLost, notReady, readyAgain, seconds } from './outage.js';

/** Three nodes of RabbitMQ that start together on a busy machine. */
const CLUSTER_MS = 180_000;
/** Nobody listens here. */
const DOWN = 'amqp://guest:guest@127.0.0.1:1';
/** Events settle by replies alone, so an empty queue means that every reply was counted. */
const SETTLED_BY_REPLIES = { SETTLE_MODE: 'ack', SETTLE_AFTER_MS: '600000' };
const DRAIN_LIMIT = 50;

describe('a cluster of brokers', () => {
  let cluster: RabbitmqCluster;
  let system: TestSystem;
  let first: PrivateNode;
  beforeAll(async () => {
    cluster = await provideRabbitmqCluster();
    system = await TestSystem.open({
      broker: cluster.url,
      settings: {
        ...SETTLED_BY_REPLIES,
        RABBITMQ_URL: `${DOWN},${cluster.url}`,
        DRAIN_LIMIT: String(DRAIN_LIMIT),
      },
      consume: { quorum: true },
      // A node that dies with a reply on its way must not have had the acknowledgement: nothing else settles.
      onEvent: (event, downstream) => downstream.replyAndAcknowledge({ status: 'processed' }, event),
    });
    await system.bridge.logged('replies.consuming');
    first = nodeAt(hosts('broker.up')[0]);
  }, CLUSTER_MS);
  afterAll(async () => {
    await system?.close();
    await cluster?.stop();
  }, CLUSTER_MS);

  /** Hosts that a connection named as its own, in their order. */
  const hosts = (event: 'broker.up' | 'replies.consuming') =>
    system.bridge.lines
      .filter((line: LogLine) => line.message?.event === event)
      .map(({ message }) => String(message['host']));
  const nodeAt = (host: string | undefined): PrivateNode => {
    const node = cluster.nodes.find(({ url }) => new URL(url).host === host);
    if (node === undefined) throw new Error(`no node at ${host}`);
    return node;
  };
  const goesOnAfter = async (count: number) => {
    await until(
      'both connections on another node',
      () => {
        return hosts('broker.up').length > count && hosts('replies.consuming').length > count;
      },
      BACK_WITHIN_MS,
    );
    await readyAgain(system);
  };

  it(
    'has every queue of its own on all nodes',
    async () => {
      const { replies, unrouted, dead, rejected } = system.downstream.names;
      const queues = [replies, unrouted, dead, rejected, `${system.downstream.prefix}.downstream`];
      const [any] = cluster.nodes;
      const listed = JSON.parse(
        (await any?.ctl('list_queues', '--quiet', '--formatter', 'json', 'name', 'members')) ?? '[]',
      ) as { name: string; members: string[] }[];
      for (const { name, members } of listed.filter(({ name }) => queues.includes(name))) {
        expect({ name, members: members.length }).toEqual({ name, members: 3 });
      }
      expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining(queues));
      await Promise.all(cluster.nodes.map((node) => node.untilOnDisk(...queues)));
      // A node writes the rest of what was declared within two seconds or so; killed before, it forgets it.
      await seconds(3);
    },
    CLUSTER_MS,
  );

  it(
    'goes on at another node when one dies, and loses neither events nor replies',
    async () => {
      system.push(1, 200);
      await until('deliveries', () => system.delivered().size > 0);
      await first.kill();
      system.push(201, 300);
      await goesOnAfter(1);
      expect(nodeAt(hosts('broker.up')[1])).not.toBe(first);
      expect(nodeAt(hosts('replies.consuming')[1])).not.toBe(first);
      await system.downstream.start({ quorum: true });
      await nothingLost(system, 300);
    },
    CLUSTER_MS,
  );

  it(
    'waits while none answers, reserves nothing meanwhile, and loses neither events nor replies',
    async () => {
      const { downstream, portal, bridge } = system;
      const others = cluster.nodes.filter((node) => node !== first);
      // One by one: the last to stop knows that it was, and the others wait for it when they start.
      for (const node of others) await node.ctl('stop_app');
      await notReady(system, 'broker');
      const before = portal.rows().filter((row) => row.PROCESS_ID !== '').length;
      system.push(301, 400);
      await seconds(2);
      const held = portal.rows().filter((row) => row.PROCESS_ID !== '').length;
      expect(held).toBeLessThanOrEqual(before + DRAIN_LIMIT);
      expect(system.delivered().size).toBe(300);
      for (const node of others.reverse()) await node.ctl('start_app');
      await readyAgain(system);
      await downstream.start({ quorum: true });
      await nothingLost(system, 400);
      expect(bridge.output).not.toContain('guest:guest');
    },
    CLUSTER_MS,
  );
});
