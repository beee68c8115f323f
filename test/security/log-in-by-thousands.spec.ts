import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestSystem } from '../support/test-system.js';
import { Visitor } from '../support/visitor.js';

const PASSWORD = 'correct horse battery';
const SLOW_MS = 120_000;

describe('a thousand strangers who guess', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.prepare({
      settings: { DASHBOARD_PASSWORD: PASSWORD, B24_DOMAIN: '', B24_REFRESH_TOKEN: '' },
    });
    system.bridge.start();
    await system.bridge.logged('bridge.no_portal', SLOW_MS);
  }, SLOW_MS);
  afterAll(() => system?.close());

  it(
    'are looked at a thousand times in five minutes together, and keep nobody out who was in before',
    async () => {
      const person = new Visitor(system.bridge.url, '127.0.1.1');
      await person.logIn(PASSWORD);
      // One form serves them all: a token is bound to its cookie and to no address.
      const form = new Visitor(system.bridge.url);
      await form.get('/log-in');
      const fields = [
        ['formToken', form.formToken()],
        ['password', 'a wrong password'],
      ] as const;
      const statuses = new Map<number, number>();
      let next = 0;
      const stranger = async () => {
        while (next < 1100) {
          const index = next++;
          const one = new Visitor(system.bridge.url, `127.3.${index >> 7}.${(index & 127) + 1}`);
          for (const [name, value] of form.cookies) one.cookies.set(name, value);
          const { status } = await one.send('POST', '/log-in', fields);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: 20 }, stranger));
      expect(Object.fromEntries(statuses)).toEqual({ 403: 1000, 429: 100 });
      expect((await person.get('/')).status).toBe(200);
      person.cookies.delete('bridge_session');
      expect((await person.logIn(PASSWORD)).status).toBe(303);
      const heldUp = system.bridge.lines.filter((line) => line.message?.event === 'dashboard.log_in_held_up');
      expect(heldUp.length).toBeGreaterThanOrEqual(1);
      expect(heldUp.length).toBeLessThan(10);
    },
    SLOW_MS,
  );
});
