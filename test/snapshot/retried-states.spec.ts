import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { json, run } from '../cli/in-process.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { openBeforeInstall } from '../support/before-install.js';
import { type Received } from '../support/downstream.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
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
  let system: TestSystem<BridgeProcess>;
  let own: OwnPortal;
  beforeAll(async () => {
    system = await openBeforeInstall({
      process: true,
      settings: {
        B24_RATE_PER_SECOND: '20',
        SETTLE_AFTER_MS: '600000',
        RETRY_BASE_DELAY_MS: '200',
        RETRY_MAX_DELAY_MS: '200',
        RETRY_MAX_ATTEMPTS: '2',
      },
      onEvent: (event, downstream) => {
        if (event.attempt > 1) fail(event);
        else downstream.channel.ack(event.message);
      },
    });
  });
  afterEach(() => own.leave());
  afterAll(() => system.close());

  /** The deliveries that were received first, nothing of which has answered. */
  const firstOf = (objectId: string) =>
    own.received.find((event) => event.objectId === objectId && event.attempt === 1);
  const retriesOf = (objectId: string) =>
    own.received.filter((event) => event.objectId === objectId && event.attempt > 1);
  const completed = () =>
    until('its last event', () =>
      own.received.some(({ body }) => body['type'] === 'bridge.snapshot.completed'),
    );
  const open = async () => {
    own = await OwnPortal.installed(system, { ratePerSecond: 1000, burst: 1000 });
    own.portal.objects.seed(DEAL, { count: OBJECTS });
    const started = await run(system.bridge, ['snapshot', 'start', own.portal.name, '--types', 'crm.deal']);
    expect([started.exitCode, started.stderr]).toEqual([0, '']);
  };
  const fail = (event: Received | undefined) => {
    if (event === undefined) throw new Error('it was not delivered');
    if (event.attempt > 1) system.downstream.channel.ack(event.message);
    system.downstream.reply({ status: 'failed', reason: 'out of stock' }, event);
  };
  const deadLetter = async () => {
    const { channel, names } = system.downstream;
    const letters: Record<string, unknown>[] = [];
    await until('its dead letter', async () => {
      const message = await channel.get(names.dead, { noAck: true });
      if (message === false) return false;
      const letter = JSON.parse(message.content.toString()) as Record<string, unknown>;
      // The test before may have left one: what is retried by hand fails in the end as well.
      if (letter['memberid'] === own.portal.memberId) letters.push(letter);
      return letters.length > 0;
    });
    return letters[0] ?? {};
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
      own.portal.objects.update(DEAL, Number(FAILING), { title: 'as it is by now' }, { silent: true });
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
        '--portal',
        own.portal.name,
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
      own.portal.objects.update(DEAL, 5, { title: 'ordinary' });
      const ordinary = () => own.received.find(({ body }) => body['type'] === 'ONCRMDEALUPDATE');
      await until('an ordinary event', () => ordinary() !== undefined);
      expect(stateOf(ordinary()?.body ?? {})).toBeUndefined();
      expect(own.portal.queue.marks).toBe(0);
    },
    120_000,
  );
});
