import { userInfo } from 'node:os';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type DescribedEntry } from '../src/audit/described-entry.js';
import { json, run } from './cli/in-process.js';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';
import { Visitor } from './support/visitor.js';

const PASSWORD = 'correct horse battery';
const PROXY = '127.0.0.2';

describe('the audit log', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  const audit = async (...args: string[]) =>
    (await json<{ entries: DescribedEntry[] }>(system.bridge, ['audit', ...args])).entries;
  const found = async (words: string, ...args: string[]) => {
    await until(words, async () => (await audit(...args)).length > 0);
    return audit(...args);
  };

  it('says who retried, discarded, renamed, installed and logged in, by every way in', async () => {
    system = await TestSystem.open({
      settings: {
        RETRY_MAX_ATTEMPTS: '1',
        RETRY_BASE_DELAY_MS: '100',
        RETRY_MAX_DELAY_MS: '200',
        FAILURE_BATCH_WAIT_MS: '50',
        DASHBOARD_PASSWORD: PASSWORD,
        DASHBOARD_PROXY_HEADER: 'X-Forwarded-User',
        HTTP_TRUSTED_PROXIES: PROXY,
      },
      onEvent: (event, downstream) => {
        downstream.reply({ status: 'failed', reason: 'out of stock' }, event);
        downstream.channel.ack(event.message);
      },
    });
    const list = async () =>
      (
        await json<{ events: { id: string; seq: number }[] }>(system.bridge, [
          'events',
          'list',
          '--state',
          'dead',
        ])
      ).events;
    const dead = async (count: number) => {
      await until(`${count} dead`, async () => (await list()).length === count);
      return list();
    };
    system.push(1, 2);
    const [one, two] = await dead(2);

    // At the dashboard, by the proxy's user.
    const alice = new Visitor(system.bridge.url, PROXY, { 'X-Forwarded-User': 'alice\u00e9' });
    await alice.get('/events');
    await alice.post('/events/retry', [['only', String(one?.seq)]]);
    const [retried] = await found('a retry', '--action', 'retried');
    expect(retried).toMatchObject({
      actor: { kind: 'dashboard', name: 'alice\u00e9', address: PROXY },
      portal: 'acme',
      count: 1,
      target: one?.id,
    });

    // At the command line, by the user of the operating system.
    await dead(2);
    await run(system.bridge, ['events', 'retry', '--portal', 'acme', '--state', 'dead']);
    expect((await audit('--action', 'retried'))[0]).toMatchObject({
      actor: { kind: 'cli' },
      portal: 'acme',
      count: 2,
      target: 'all with states: dead',
    });
    await dead(2);
    await run(system.bridge, ['events', 'discard', two?.id ?? '', '--yes']);
    await run(system.bridge, ['portals', 'rename', 'acme', 'beta', '--yes']);
    const me = userInfo().username;
    expect(await audit('--action', 'discarded')).toMatchObject([
      {
        actor: { kind: 'cli', name: expect.stringContaining(`${me}@`) as unknown },
        target: two?.id,
        count: 1,
      },
    ]);
    expect(await audit('--portal', 'beta', '--action', 'renamed')).toMatchObject([
      { portal: 'beta', detail: 'from acme' },
    ]);
    // A command has no log; the running service writes its lines.
    await until('its log line', () => /"action":"renamed"/.test(system.bridge.output));

    // By a password that is everybody's, and not known to whoever guesses.
    const somebody = new Visitor(system.bridge.url, '127.0.0.5');
    await somebody.get('/log-in');
    await somebody.post('/log-in', [['password', 'not the password']]);
    await somebody.post('/log-in', [['password', PASSWORD]]);
    expect(await found('a refused one', '--action', 'log_in_refused')).toMatchObject([
      { actor: { kind: 'dashboard', name: null, address: '127.0.0.5' }, count: 1 },
    ]);
    expect(await found('a log-in', '--action', 'logged_in', '--actor', 'dashboard')).toMatchObject([
      { actor: { name: null, address: '127.0.0.5' } },
    ]);
    expect(await audit('--action', 'installed')).toMatchObject([{ actor: { kind: 'bridge' } }]);

    // Where people read it.
    const page = await somebody.get('/audit?action=retried');
    expect(page.status).toBe(200);
    expect(page.body).toContain(one?.id);
    expect(page.body).not.toContain(two?.id);
    expect((await somebody.get('/audit?portal=nobody&from=yesterday')).body).toContain('nobody');
    const text = await run(system.bridge, ['audit', '--from', '2020-01-01', '--limit', '2']);
    expect(text.stdout).toMatch(/^TIME +WHO +BY +ACTION/);
    expect(text.stdout).toContain('--limit shows them');
    expect((await run(system.bridge, ['audit', '--from', 'yesterday'])).exitCode).toBe(2);
    expect((await run(system.bridge, ['audit', '--action', 'nonsense'])).exitCode).toBe(2);
    expect(system.bridge.output).not.toContain(PASSWORD);
  });
});
