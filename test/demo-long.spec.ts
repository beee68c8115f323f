import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DemoRun, LIMIT_MS } from './support/demo-run.js';
import { startDist } from './support/programs.js';
import { until } from './support/until.js';
import { Visitor } from './support/visitor.js';

async function post<T>(url: string, body: unknown): Promise<T> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as T;
}

describe('the demo, in other ways than the usual one', () => {
  let demo: DemoRun;
  let startBundles: () => void;

  // As users do.
  beforeAll(() => {
    startBundles = startDist();
  });
  afterAll(() => startBundles());
  afterEach(() => demo.end());

  it(
    'ends with 1 and names the row when somebody else takes an event off a portal',
    async () => {
      demo = new DemoRun('--seconds', '4');
      await demo.says(/^bridge's log/m);
      const acme = `${demo.address('portals')!}/acme`;
      const { accessToken } = await post<{ accessToken: string }>(`${acme}/access-token`, {});
      const rest = acme.replace(/_control.*/, 'acme/rest/event.offline.get');
      let attempts = 0;
      let stolen = '';
      await until(
        'a pending event to steal',
        async () => {
          // An object that nobody changes again.
          const data = { FIELDS: { ID: `9000${(attempts += 1)}` } };
          const [pushed] = await post<{ id: number; messageId: string }[]>(`${acme}/push`, {
            event: 'ONCRMDEALADD',
            data,
          });
          const filter = { '=MESSAGE_ID': pushed!.messageId };
          const { result } = await post<{ result: { events: unknown[] } }>(rest, {
            auth: accessToken,
            clear: 1,
            filter,
          });
          if (result.events.length > 0) stolen = `acme/${pushed!.id}`;
          return stolen !== '';
        },
        LIMIT_MS,
      );
      expect(await demo.exit).toBe(1);
      expect(demo.output).toContain(
        `  ! not delivered: the last change of row ${stolen}\nTHE BOOKS DO NOT BALANCE: 1 entry is off.\n`,
      );
      // Kept for whoever wonders why.
      const folder = dirname(demo.address('ledger')!);
      expect(demo.output).toContain(`End of the bridge's log (all of it in ${folder})`);
      expect(existsSync(folder)).toBe(true);
      rmSync(folder, { recursive: true });
    },
    LIMIT_MS,
  );

  it(
    'with --keep leaves failed events to whoever follows what it prints, who retries one in the dashboard',
    async () => {
      demo = new DemoRun('--seconds', '2', '--keep');
      await demo.says(/deal 9001 {2}failed: customer 42 is unknown\n/);
      const [, url = '', password = ''] =
        /Open (http:\S+)\/events and log in with (\S+)/.exec(demo.output) ?? [];
      const visitor = new Visitor(url);
      expect(await visitor.logIn(password)).toMatchObject({ status: 303 });
      const retry = await visitor.retryButton('/events?state=marked&q=customer', LIMIT_MS);
      expect(demo.output).not.toContain('deal 9001  delivered again');
      expect(await visitor.post('/events/retry', [['only', retry]])).toMatchObject({ status: 303 });
      await demo.says(/deal 9001 {2}delivered again \(attempt 2\), done\n/);
      await demo.end();
      expect(await demo.exit).toBe(0);
    },
    LIMIT_MS,
  );
});
