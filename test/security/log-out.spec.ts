import { afterEach, describe, expect, it } from '@jest/globals';
import { ReplicaSet, START_WITHIN_MS } from '../replicas/replica-set.js';
import { type TestBridge } from '../support/test-bridge.js';
import { TestSystem } from '../support/test-system.js';
import { Visitor } from '../support/visitor.js';

const PASSWORD = 'correct horse battery';
const SLOW_MS = 180_000;

/** Whether somebody who has a copy of these cookies is let in. */
async function lets(bridge: TestBridge, cookies: ReadonlyMap<string, string>): Promise<boolean> {
  const thief = new Visitor(bridge.url);
  for (const [name, value] of cookies) thief.cookies.set(name, value);
  const { status } = await thief.get('/');
  if (status !== 200 && status !== 303) throw new Error(`the overview is answered ${status}`);
  return status === 200;
}

async function logIn(bridge: TestBridge): Promise<{ person: Visitor; copy: Map<string, string> }> {
  const person = new Visitor(bridge.url);
  await person.logIn(PASSWORD);
  await person.get('/');
  return { person, copy: new Map(person.cookies) };
}

describe('a session that was logged out of', () => {
  let close: () => Promise<void>;
  afterEach(() => close());

  it(
    'is over after a restart as well, others go on, and another password ends them all',
    async () => {
      const system = await TestSystem.prepare({
        process: true,
        settings: { DASHBOARD_PASSWORD: PASSWORD, B24_DOMAIN: '', B24_REFRESH_TOKEN: '' },
      });
      close = () => system.close();
      const { bridge } = system;
      const start = async () => {
        bridge.start();
        await bridge.logged('bridge.no_portal', SLOW_MS);
      };
      await start();
      const { person, copy } = await logIn(bridge);
      const other = await logIn(bridge);
      expect([await lets(bridge, copy), await lets(bridge, other.copy)]).toEqual([true, true]);
      expect((await person.post('/log-out')).status).toBe(303);
      expect([await lets(bridge, copy), await lets(bridge, other.copy)]).toEqual([false, true]);

      // As the power does it.
      await bridge.stop('SIGKILL');
      await start();
      expect([await lets(bridge, copy), await lets(bridge, other.copy)]).toEqual([false, true]);

      await bridge.stop();
      bridge.settings['DASHBOARD_PASSWORD'] = `${PASSWORD} 2`;
      await start();
      expect([await lets(bridge, copy), await lets(bridge, other.copy)]).toEqual([false, false]);
      // Nor is a browser known any more that was so by the old one.
      const stranger = new Visitor(bridge.url, '127.0.4.1');
      stranger.cookies.set('bridge_browser', other.copy.get('bridge_browser') ?? '');
      await stranger.get('/log-in');
      let refused = 0;
      for (let count = 0; count < 11; count += 1) {
        if ((await stranger.post('/log-in', [['password', PASSWORD]])).status === 429) refused += 1;
      }
      const same = new Visitor(bridge.url, '127.0.4.1');
      expect([refused, (await same.logIn(PASSWORD)).status]).toEqual([1, 429]);
    },
    SLOW_MS,
  );

  it(
    'is over at every replica at once',
    async () => {
      const set = await ReplicaSet.prepare(['p1', 'p2'], { settings: { DASHBOARD_PASSWORD: PASSWORD } });
      close = () => set.close();
      await set.startAll(2, [1, 1]);
      const [first, second] = set.replicas;
      if (first === undefined || second === undefined) throw new Error('no replicas');
      const { person, copy } = await logIn(first);
      const other = await logIn(second);
      expect([await lets(first, other.copy), await lets(second, copy)]).toEqual([true, true]);
      expect((await person.post('/log-out')).status).toBe(303);
      expect([await lets(first, copy), await lets(second, copy)]).toEqual([false, false]);
      expect([await lets(first, other.copy), await lets(second, other.copy)]).toEqual([true, true]);
      const third = set.start({ LEASE_MS: '5000' });
      await third.logged('replica.started', START_WITHIN_MS);
      expect([await lets(third, copy), await lets(third, other.copy)]).toEqual([false, true]);
    },
    SLOW_MS,
  );
});
