import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type DatabaseIdentity } from '../database/identity.js';
import { type LogFields } from '../logging/log.js';
import { Lifecycle, type LifecycleParts } from './lifecycle.js';

type SignalListener = Parameters<NonNullable<LifecycleParts['replica']['channel']>['listen']>[0];
type FirstInstalled = Awaited<ReturnType<LifecycleParts['firstPortal']['install']>>;

const IDENTITY: DatabaseIdentity = { id: 'a database', madeOn: 'a machine' };

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
  /** What signals of other replicas come to. */
  let listener: SignalListener | null;

  /** Notes that it was called. @param result what it yields where nothing else is wanted of it */
  const does =
    <T>(name: string, result: T) =>
    (): T => {
      done.push(name);
      const work = instead.get(name);
      return work === undefined ? result : (work() as T);
    };
  const doesAll = (name: string) => does(name, Promise.resolve());
  const write = (fields: LogFields) => void lines.push(fields);
  const failures = () => lines.filter(({ event }) => event === 'bridge.step_failed');
  const up = () => Promise.resolve({ up: true, reason: null, since: null });
  const parts = (): LifecycleParts => ({
    settings: { DATABASE_URL: 'file:bridge.db', TOKEN_ENCRYPTION_KEY: 'a key', DRAIN_MAX_IN_FLIGHT: 1 },
    http: { routes: { facts: does('settings', null) } },
    broker: {
      onChange: does('broker.onChange', () => undefined),
      start: does('broker.start', undefined),
      claimPrefix: does('broker.claimPrefix', undefined),
      whenUp: doesAll('broker.whenUp'),
      close: doesAll('broker.close'),
    },
    publisher: { close: doesAll('publisher.close') },
    rejecter: { close: doesAll('rejecter.close') },
    database: { dialect: 'sqlite', db: { destroy: doesAll('database.destroy') } },
    databaseStart: {
      open: does('database.open', Promise.resolve(IDENTITY)),
      close: does('database.close', undefined),
    },
    registry: { list: does('registry.list', [{ name: 'acme' }]), doubt: does('registry.doubt', undefined) },
    offers: { release: doesAll('offers.release') },
    replica: {
      name: 'one',
      ownership: {
        count: 0,
        start: does('ownership.start', undefined),
        wake: does('ownership.wake', undefined),
        retire: does('ownership.retire', undefined),
        leave: doesAll('ownership.leave'),
      },
      channel: { listen: (given) => void (listener = given), close: doesAll('channel.close') },
    },
    report: { next: () => null },
    fleet: {
      brokerReady: does('fleet.brokerReady', undefined),
      gained: does('fleet.gained', undefined),
      handOver: doesAll('fleet.handOver'),
      lost: does('fleet.lost', undefined),
      open: does('fleet.open', undefined),
      renamed: does('fleet.renamed', undefined),
      stop: doesAll('fleet.stop'),
    },
    watch: { refreshQuietly: doesAll('watch.refreshQuietly') },
    signals: {
      flush: doesAll('signals.flush'),
      leasesChanged: does('signals.leasesChanged', undefined),
      portalsChanged: does('signals.portalsChanged', undefined),
      receive: does('signals.receive', undefined),
    },
    collector: { close: doesAll('collector.close') },
    replies: {
      listen: doesAll('replies.listen'),
      pause: does('replies.pause', undefined),
      resume: does('replies.resume', undefined),
      close: doesAll('replies.close'),
    },
    firstPortal: { install: does('firstPortal.install', Promise.resolve(null)) },
    jobs: [{ start: does('job.start', undefined), stop: doesAll('job.stop') }],
    metrics: {
      portalsOwned: does('metrics', undefined),
      eventsInFlightLimit: () => undefined,
      watchDependencies: () => undefined,
    },
    checks: { checks: () => ({ broker: up, database: up }) },
    log: { debug: write, info: write, warn: write, error: write },
  });

  beforeEach(() => {
    jest.useFakeTimers();
    done = [];
    lines = [];
    instead = new Map();
    listener = null;
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
    const installed: FirstInstalled = { memberId: 'm', renamed: [{ memberId: 'other', former: 'acme' }] };
    instead.set('firstPortal.install', () => Promise.resolve(installed));
    await lifecycle.start();
    expect(done.slice(-4)).toEqual([
      'fleet.renamed',
      'fleet.open',
      'signals.portalsChanged',
      'registry.list',
    ]);
  });

  it('reads the registry anew, and looks for portals to take, whenever it can hear other replicas again', async () => {
    await lifecycle.start();
    listener?.connected();
    expect(done.slice(START.length)).toEqual(['registry.doubt', 'watch.refreshQuietly', 'ownership.wake']);
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
    opened(IDENTITY);
    await Promise.all([started, stopped]);
    expect(done).not.toContain('broker.claimPrefix');
    expect(done).toEqual(expect.arrayContaining(STOP.flat()));
  });
});
