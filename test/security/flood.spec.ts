import { Agent, request } from 'node:http';
import { setTimeout as rest } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { inForm } from '../support/form.js';
import { authOf, install, openBeforeInstall, portalRow } from '../support/before-install.js';

/** In full as many forged requests as are promised to change nothing. */
const REQUESTS = inForm({ full: 10_000, small: 1_000 });
const AT_ONCE = 60;
/** A leak of 10 KB a request would be 100 MB. */
const SLACK_BYTES = 64 * 1024 * 1024;
const LIMIT_MS = 240_000;
/** How much garbage V8 keeps under load before it looks at it differs among its versions, and is not asked here. */
const SMALL_YOUNG_GENERATION = { NODE_OPTIONS: '--max-semi-space-size=4' };
/** V8 gives memory back where little is done; who asks for metrics all the time keeps it at work. */
const REST_MS = 2_000;

const hex = (seed: number, length: number) => seed.toString(16).padStart(length, 'a');

describe('thousands of forged requests', () => {
  let system: TestSystem;
  const agents = new Map<string, Agent>();
  afterEach(async () => {
    for (const agent of agents.values()) agent.destroy();
    await system.close();
  });

  const send = (from: string, path: string, body: string): Promise<number> =>
    new Promise((resolve, reject) => {
      let agent = agents.get(from);
      if (agent === undefined) agents.set(from, (agent = new Agent({ keepAlive: true })));
      const outgoing = request(
        new URL(path, system.bridge.url),
        {
          method: 'POST',
          agent,
          localAddress: from,
          headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length },
        },
        (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.statusCode ?? 0));
        },
      );
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        // The server may close an idle connection at the very moment at which it is used again.
        if (outgoing.reusedSocket && error.code === 'ECONNRESET')
          send(from, path, body).then(resolve, reject);
        else reject(error);
      });
      outgoing.end(body);
    });

  /** The `n`th of them: from one busy address, from thousands of others, wrong tokens, nonsense, big ones. */
  const forge = (n: number): Promise<number> => {
    const token = hex(n, 70);
    const forgedInstall = `event=ONAPPINSTALL&auth[refresh_token]=${token}&auth[member_id]=${hex(n, 32)}`;
    switch (n % 5) {
      case 0:
        return send('127.0.0.2', '/bitrix24/install', forgedInstall);
      case 1:
        return send(`127.9.${(n >> 8) & 255}.${(n & 253) + 1}`, '/bitrix24/install', forgedInstall);
      case 2: {
        const auth = `auth[member_id]=${system.portal.memberId}&auth[application_token]=${hex(n, 32)}`;
        return send('127.0.0.3', '/bitrix24/events', `event=ONAPPUNINSTALL&${auth}`);
      }
      case 3:
        return send('127.0.0.4', '/bitrix24/events', `event=&auth[${'a]['.repeat(n % 50)}]=1`);
      default:
        return send('127.0.0.5', '/bitrix24/events', `event=ONOFFLINEEVENT&x=${'x'.repeat(60_000)}`);
    }
  };
  const flood = async (from: number, to: number, statuses: Map<number, number>) => {
    let next = from;
    const sender = async () => {
      while (next < to) {
        const status = await forge(next++);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
  };
  const residentBytes = async () => {
    const { body } = await system.get('/metrics');
    return Number(/^process_resident_memory_bytes (\S+)$/m.exec(body)?.[1]);
  };

  it(
    'leave memory flat and the genuine ones served',
    async () => {
      system = await openBeforeInstall({ process: true, settings: SMALL_YOUNG_GENERATION });
      await install(system);
      let proofs = 0;
      const exchange = system.emulator.authority.exchange.bind(system.emulator.authority);
      system.emulator.authority.exchange = (query) => {
        proofs += 1;
        return exchange(query);
      };
      const statuses = new Map<number, number>();
      // What code and buffers of a first use take is not what is asked here.
      await flood(0, REQUESTS / 5, statuses);
      const before = await residentBytes();
      expect(before).toBeGreaterThan(0);

      const flooding = flood(REQUESTS / 5, REQUESTS, statuses);
      const newcomer = system.emulator.addPortal({ name: 'bravo' });
      expect(await install(system, newcomer)).toBe(200);
      system.push(1, 20);
      newcomer.push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: 'b1' } } });
      await until(
        'events of both portals amid the flood',
        () => system.delivered().has('b1') && system.delivered().size === 21,
        60_000,
      );
      expect((await system.get('/health/ready')).status).toBe(200);
      await flooding;

      await until(
        `memory to be what it was (${Math.round(before / 1e6)} MB)`,
        async () => {
          await rest(REST_MS);
          return (await residentBytes()) - before < SLACK_BYTES;
        },
        60_000,
      );
      expect([...statuses.keys()].sort()).toEqual([400, 403, 429]);
      expect([...statuses.values()].reduce((sum, count) => sum + count)).toBe(REQUESTS);
      // Each forged installation costs one request at most, and a busy address fewer than that.
      expect(proofs).toBeLessThanOrEqual((2 * REQUESTS) / 5 + 1);
      expect(statuses.get(429)).toBeGreaterThan(REQUESTS / 4);
      // The log has what was judged, and one line a minute of all that was not.
      const told = system.bridge.lines.filter((line) =>
        /^notification\.|^install\./.test(line.message?.event ?? ''),
      );
      const judged = [...statuses].reduce((sum, [status, count]) => (status === 429 ? sum : sum + count), 0);
      expect(told.length).toBeLessThanOrEqual(judged + LIMIT_MS / 60_000 + 1);
      for (const portal of [system.portal, newcomer]) {
        expect(portalRow(system.bridge, portal.memberId)).toMatchObject({ state: 'active' });
      }
      // A portal is never held up by those who write from its address.
      const auth = Object.entries(authOf(system.portal)).map(([name, value]) => `auth[${name}]=${value}`);
      const genuine = `event=ONOFFLINEEVENT&${auth.join('&')}`;
      expect(await send('127.0.0.3', '/bitrix24/events', genuine)).toBe(200);
      expect(await send('127.0.0.2', '/bitrix24/events', genuine)).toBe(200);
    },
    LIMIT_MS,
  );
});
