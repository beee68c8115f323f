import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openBeforeInstall } from './support/before-install.js';
import { type Downstream, type Received } from './support/downstream.js';
import { OwnPortal } from './support/own-portal.js';
import { type TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

const QUICK = {
  // No two answers that show the row are of one second.
  RETRY_BASE_DELAY_MS: '2500',
  RETRY_MAX_DELAY_MS: '2500',
  FAILURE_BATCH_WAIT_MS: '100',
  SETTLE_AFTER_MS: '4000',
  // Nine portals are asked that often.
  DRAIN_INTERVAL_MS: '1000',
};
const STYLES = ['null', 'none', 'garbage', 'iso-basic', 'site', 'unix'] as const;

function failingTwice(event: Received, downstream: Downstream): void {
  if (event.objectId === '2' && event.attempt <= 2) downstream.reply({ status: 'failed' }, event);
  downstream.channel.ack(event.message);
}

const deliveries = (own: OwnPortal) => own.received.filter(({ objectId }) => objectId === '2');
const ids = (own: OwnPortal) => new Set(deliveries(own).map(({ id }) => id));
const done = (own: OwnPortal) => () => deliveries(own).length >= 3 && own.portal.rows().length === 0;
const threeAttemptsOfOne = (own: OwnPortal) => {
  expect(deliveries(own).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  expect(ids(own).size).toBe(1);
};

describe('whatever a portal writes for the time of a change', () => {
  let system: TestSystem;
  /** One of each style, which all fail at the same time. */
  const portals = new Map<string, OwnPortal>();
  beforeAll(async () => {
    system = await openBeforeInstall({ settings: QUICK, onEvent: failingTwice });
    for (const timestamps of STYLES) {
      const own = await OwnPortal.installed(system, { timestamps });
      portals.set(timestamps, own);
      own.push(1, 3);
    }
  });
  afterAll(() => system.close());

  it.each(STYLES)('all deliveries of it have one id, and their attempts are counted: %s', async (style) => {
    const own = portals.get(style)!;
    await until('an empty queue', done(own));
    threeAttemptsOfOne(own);
    // The next change of the object is another one.
    own.push(2, 2);
    await until('the next change', () => deliveries(own).length >= 4);
    expect(ids(own).size).toBe(2);
    expect(deliveries(own).at(-1)?.attempt).toBe(1);
  });

  it('so too where it changes how it writes them in between', async () => {
    const own = await OwnPortal.installed(system);
    own.push(2, 2);
    await until('the first delivery', () => deliveries(own).length === 1);
    own.portal.printTimestamps('null');
    await until('an empty queue', done(own));
    threeAttemptsOfOne(own);
  });

  it('so too where the answer that reserved it was lost', async () => {
    const own = await OwnPortal.installed(system, { timestamps: 'null' });
    own.portal.inject({ method: 'event.offline.get', kind: 'drop-after-commit', times: 2 });
    own.push(1, 3);
    await until('an empty queue', done(own));
    threeAttemptsOfOne(own);
  });

  it('so too on a plan without reservations', async () => {
    const own = await OwnPortal.installed(system, { timestamps: 'null', extended: false });
    own.push(1, 3);
    await until('three attempts', done(own));
    threeAttemptsOfOne(own);
  });
});
