import { afterEach, describe, expect, it } from '@jest/globals';
import { json, run } from '../cli/command-line.js';
import { type Received } from '../support/downstream.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';

const DEAL = 2;
const OBJECTS = 20;
const FAILING = '3';

interface State {
  readonly status: string;
  readonly object: Record<string, unknown> | null;
}
const stateOf = (body: Record<string, unknown>): State | undefined =>
  (body['data'] as { state?: State }).state;

/** `STATE` is not set here: events of the portal's own carry none, those of a snapshot do. */
describe('the states of a snapshot’s events that come again', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  /** The deliveries that were received first, nothing of which has answered. */
  const firstOf = (objectId: string) =>
    system.downstream.received.find((event) => event.objectId === objectId && event.attempt === 1);
  const retriesOf = (objectId: string) =>
    system.downstream.received.filter((event) => event.objectId === objectId && event.attempt > 1);
  const completed = () =>
    until('its last event', () =>
      system.downstream.received.some(({ body }) => body['type'] === 'bridge.snapshot.completed'),
    );
  const open = async (settings: Record<string, string> = {}) => {
    system = await TestSystem.open({
      settings: {
        B24_RATE_PER_SECOND: '20',
        SETTLE_AFTER_MS: '600000',
        RETRY_BASE_DELAY_MS: '200',
        RETRY_MAX_DELAY_MS: '200',
        RETRY_MAX_ATTEMPTS: '2',
        ...settings,
      },
      portal: { ratePerSecond: 1000, burst: 1000 },
      onEvent: (event, downstream) => {
        if (event.attempt > 1) fail(event);
        else downstream.channel.ack(event.message);
      },
    });
    system.portal.objects.seed(DEAL, { count: OBJECTS });
    const started = await run(system.bridge, ['snapshot', 'start', 'acme', '--types', 'crm.deal']);
    expect([started.exitCode, started.stderr]).toEqual([0, '']);
  };
  const fail = (event: Received | undefined) => {
    if (event === undefined) throw new Error('it was not delivered');
    if (event.attempt > 1) system.downstream.channel.ack(event.message);
    system.downstream.reply({ status: 'failed', reason: 'out of stock' }, event);
  };
  const deadLetter = async () => {
    const { channel, names } = system.downstream;
    await until('its dead letter', async () => (await system.downstream.depth(names.dead)) === 1);
    const letter = await channel.get(names.dead, { noAck: true });
    if (letter === false) throw new Error('there is no dead letter');
    return JSON.parse(letter.content.toString()) as Record<string, unknown>;
  };

  it.each([
    ['a restart', 'SIGTERM' as const],
    ['kill -9', 'SIGKILL' as const],
  ])(
    'are read anew after the snapshot’s end and %s, for each retry and for the dead letter',
    async (_name, signal) => {
      await open();
      await completed();
      await system.bridge.stop(signal);
      system.bridge.start();
      await system.bridge.logged('http.listening');
      system.portal.objects.update(DEAL, Number(FAILING), { title: 'as it is by now' }, { silent: true });
      fail(firstOf(FAILING));
      const now = { status: 'read', object: { id: Number(FAILING), title: 'as it is by now' } };
      await until('its retry', () => retriesOf(FAILING).length > 0);
      expect(stateOf(retriesOf(FAILING)[0]?.body ?? {})).toMatchObject(now);
      const letter = await deadLetter();
      expect(letter['origin']).toBe('snapshot');
      expect(stateOf(letter)).toMatchObject(now);
      // Once more, by hand, much later.
      const { events } = await json<{ events: { id: string }[] }>(system.bridge, [
        'events',
        'list',
        '--state',
        'dead',
      ]);
      await system.bridge.stop(signal);
      system.bridge.start();
      await system.bridge.logged('http.listening');
      const before = retriesOf(FAILING).length;
      const again = await run(system.bridge, ['events', 'retry', events[0]?.id ?? '']);
      expect([again.exitCode, again.stderr]).toEqual([0, '']);
      await until('another attempt', () => retriesOf(FAILING).length > before);
      expect(stateOf(retriesOf(FAILING).at(-1)?.body ?? {})).toMatchObject(now);
      // An ordinary event is what it was without the setting.
      system.portal.objects.update(DEAL, 5, { title: 'ordinary' });
      const ordinary = () =>
        system.downstream.received.find(({ body }) => body['type'] === 'ONCRMDEALUPDATE');
      await until('an ordinary event', () => ordinary() !== undefined);
      expect(stateOf(ordinary()?.body ?? {})).toBeUndefined();
      expect(system.portal.queue.marks).toBe(0);
    },
    120_000,
  );
});
