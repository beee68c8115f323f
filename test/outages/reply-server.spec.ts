import { afterEach, beforeAll, afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type ChannelModel } from 'amqplib';
import { type Log } from '../../src/logging/log.js';
import { ReplyServer } from '../../src/outcomes/reply-server.js';
import { RABBITMQ_URL } from '../support/test-bridge.js';
import { startProxyTo, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

const nothing = () => undefined;
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
/** Where there are several addresses, the next is tried after half a second. */
const SEVERAL_ATTEMPTS_MS = 1300;

describe('the reply server, once it is closed', () => {
  const queue = `replies-${randomUUID()}`;
  let model: ChannelModel;
  let proxy: TcpProxy;
  /** Leads through it. */
  let url: string;
  let server: ReplyServer;
  const serverOf = () => {
    const replies = { declare: nothing, began: nothing, ended: nothing, interrupted: nothing };
    const limits = { messages: 10, fullBytes: 1000, mostBytes: 2000 };
    return new ReplyServer({ urls: [url, url], queue, limits, ...replies }, log, nothing);
  };
  beforeAll(async () => {
    model = await connect(RABBITMQ_URL);
    const channel = await model.createChannel();
    await channel.assertQueue(queue);
  });
  beforeEach(async () => {
    ({ proxy, url } = await startProxyTo(RABBITMQ_URL));
    server = serverOf();
    await server.start(nothing);
  });
  afterEach(() => proxy.close());
  afterAll(async () => {
    const channel = await model.createChannel();
    await channel.deleteQueue(queue);
    await model.close();
  });

  const connectsNoMore = async () => {
    await proxy.accept();
    await pause(SEVERAL_ATTEMPTS_MS);
    expect(proxy.connections).toBe(0);
  };
  const reading = () => until('the queue is read', () => server.reading);

  it('has no connection, where the broker answers', async () => {
    await reading();
    await server.close();
    await until('no connection', () => proxy.connections === 0);
  });

  it.each([
    { when: 'had been gone', seen: () => until('the loss is seen', () => !server.reading) },
    { when: 'went just then', seen: () => Promise.resolve() },
  ])('connects no more, where the broker $when', async ({ seen }) => {
    await reading();
    await proxy.refuse();
    proxy.cut();
    await seen();
    await server.close();
    await connectsNoMore();
  });

  it('connects no more, where the broker goes before it has agreed', async () => {
    await reading();
    proxy.delayAnswers(200);
    const closed = server.close();
    await pause(100);
    await proxy.refuse();
    proxy.cut();
    await closed;
    await connectsNoMore();
  });

  it('has no connection, where the broker does not answer any more', async () => {
    await reading();
    proxy.stall();
    await server.close();
    proxy.resume();
    await connectsNoMore();
  });

  it('does not begin, where it is closed while it starts', async () => {
    await server.close();
    await connectsNoMore();
  });

  it('does not begin, where it is closed before it has loaded what it connects with', async () => {
    const another = serverOf();
    const started = another.start(nothing);
    await Promise.all([another.close(), server.close()]);
    await started;
    await connectsNoMore();
  });
});
