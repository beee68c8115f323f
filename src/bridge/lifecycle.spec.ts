import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type LogFields } from '../logging/log.js';
import { Lifecycle } from './lifecycle.js';

type LifecycleParts = ConstructorParameters<typeof Lifecycle>[0];

const START = [
  'settings',
  'metrics',
  'broker.onChange',
  'broker.start',
  'database.open',
  'broker.claimPrefix',
  'offers.release',
  'ownership.start',
  'job.start',
  'broker.whenUp',
  'replies.listen',
  'firstPortal.install',
  'registry.list',
];

/** Loops and leases first, so that others take over; the database last, as all before it writes there. */
const STOP = [
  ['ownership.retire'],
  ['job.stop', 'fleet.stop'],
  ['ownership.leave'],
  ['signals.flush'],
  ['collector.close'],
  ['replies.close'],
  ['publisher.close', 'rejecter.close'],
  ['broker.close'],
  ['signals.flush'],
  ['channel.close'],
  ['database.destroy'],
  ['database.close'],
];

describe('the life of the bridge', () => {
  let done: string[];
  let lines: LogFields[];
  /** What a part does instead of nothing, by its name and the method's. */
  let instead: Map<string, () => unknown>;
  let lifecycle: Lifecycle;

  /** Notes that it was called. */
  const does =
    (name: string, result: unknown = undefined) =>
    () => {
      done.push(name);
      const work = instead.get(name);
      return work === undefined ? result : work();
    };
  const write = (fields: LogFields) => void lines.push(fields);
  const failures = () => lines.filter(({ event }) => event === 'bridge.step_failed');
  const parts = () =>
    ({
      settings: { DATABASE_URL: 'file:bridge.db', TOKEN_ENCRYPTION_KEY: 'a key', DRAIN_MAX_IN_FLIGHT: 1 },
      http: { routes: { facts: does('settings', null) } },
      broker: {
        onChange: does('broker.onChange'),
        start: does('broker.start'),
        claimPrefix: does('broker.claimPrefix'),
        whenUp: does('broker.whenUp', Promise.resolve()),
        close: does('broker.close'),
      },
      publisher: { close: does('publisher.close') },
      rejecter: { close: does('rejecter.close') },
      database: { dialect: 'sqlite', db: { destroy: does('database.destroy') } },
      databaseStart: { open: does('database.open', { id: 'a database' }), close: does('database.close') },
      registry: { list: does('registry.list', [{ name: 'acme' }]) },
      offers: { release: does('offers.release') },
      replica: {
        name: 'one',
        ownership: {
          count: 0,
          start: does('ownership.start'),
          retire: does('ownership.retire'),
          leave: does('ownership.leave'),
        },
        channel: { listen: () => undefined, close: does('channel.close') },
      },
      report: { next: () => null },
      fleet: {
        stop: does('fleet.stop'),
        open: does('fleet.open'),
        renamed: does('fleet.renamed'),
      },
      watch: { lookQuietly: () => Promise.resolve() },
      signals: { flush: does('signals.flush'), portalsChanged: does('signals.portalsChanged') },
      collector: { close: does('collector.close') },
      replies: { listen: does('replies.listen'), close: does('replies.close') },
      firstPortal: { install: does('firstPortal.install', null) },
      jobs: [{ start: does('job.start'), stop: does('job.stop', Promise.resolve()) }],
      metrics: {
        portalsOwned: does('metrics'),
        eventsInFlightLimit: () => undefined,
        watchDependencies: () => undefined,
      },
      checks: { checks: () => [] },
      log: { debug: write, info: write, warn: write, error: write },
    }) as unknown as LifecycleParts;

  beforeEach(() => {
    jest.useFakeTimers();
    done = [];
    lines = [];
    instead = new Map();
    lifecycle = new Lifecycle(parts());
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('begins with what needs nothing, and reads replies only when portals are drained and the broker is up', async () => {
    await lifecycle.start();
    expect(done).toEqual(START);
    expect(failures()).toEqual([]);
    // A second one waits for the first.
    await lifecycle.start();
    expect(done).toEqual(START);
  });

  it('ends with the database, after everything that writes there', async () => {
    await lifecycle.stop();
    expect(done).toEqual(STOP.flat());
    expect(lines.map(({ event }) => event)).toEqual(['bridge.stopping', 'bridge.stopped']);
  });

  it('opens the first portal once all is up, and the one that gives up its name for it before', async () => {
    instead.set('firstPortal.install', () =>
      Promise.resolve({ memberId: 'm', renamed: [{ from: 'acme', to: 'acme-old' }] }),
    );
    await lifecycle.start();
    expect(done.slice(-4)).toEqual([
      'fleet.renamed',
      'fleet.open',
      'signals.portalsChanged',
      'registry.list',
    ]);
  });

  it.each(START.filter((name) => name !== 'database.open'))(
    'goes on with its start where %s fails',
    async (name) => {
      // Whoever cannot hear of the broker does not begin to call it either.
      const dropped = name === 'broker.onChange' ? [name, 'broker.start'] : [name];
      const others = START.filter((other) => !dropped.includes(other));
      instead.set(name, () => {
        throw new Error('broken');
      });
      await lifecycle.start();
      expect(done.filter((other) => other !== name)).toEqual(others);
      expect(failures()).toMatchObject([{ when: 'start', reason: 'broken' }]);
    },
  );

  it('has no start without a database', async () => {
    const error = new Error('in use');
    instead.set('database.open', () => Promise.reject(error));
    await expect(lifecycle.start()).rejects.toBe(error);
    expect(done).toEqual(START.slice(0, START.indexOf('database.open') + 1));
  });

  it.each(STOP.flat())('stops everything else where %s fails', async (name) => {
    instead.set(name, () => Promise.reject(new Error('broken')));
    await lifecycle.stop();
    expect(done).toEqual(STOP.flat());
    expect(lines.at(-1)).toEqual({ event: 'bridge.stopped' });
  });

  it('stops within its time whatever hangs, and closes the database last all the same', async () => {
    // Giving up ownership is not waited for: it is a note in memory.
    const waitedFor = STOP.flat().filter((name) => name !== 'ownership.retire');
    for (const name of waitedFor) instead.set(name, () => new Promise(() => undefined));
    const stopped = lifecycle.stop();
    await jest.advanceTimersByTimeAsync(10_000);
    await stopped;
    // Loops may be waiting for a confirm.
    const all = STOP.flat();
    all.splice(all.indexOf('fleet.stop') + 1, 0, 'publisher.close');
    expect(done).toEqual(all);
    expect(failures().length).toBeGreaterThan(8);
  });

  it('begins nothing more once it is stopped', async () => {
    let opened: (identity: unknown) => void = () => undefined;
    instead.set('database.open', () => new Promise((resolve) => (opened = resolve)));
    const started = lifecycle.start();
    await jest.advanceTimersByTimeAsync(1);
    const stopped = lifecycle.stop();
    opened({ id: 'a database' });
    await Promise.all([started, stopped]);
    expect(done).not.toContain('broker.claimPrefix');
    expect(done).toEqual(expect.arrayContaining(STOP.flat()));
  });
});
