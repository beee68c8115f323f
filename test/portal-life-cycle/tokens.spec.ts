import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Emulator } from '../../emulator/index.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, install, openBeforeInstall, post } from '../support/before-install.js';

const key = () => randomBytes(32).toString('base64');

/** Every token that an emulator has given out since, and will. */
function tokensOf(emulator: Emulator): Set<string> {
  const issued = new Set<string>();
  const issue = emulator.authority.issue.bind(emulator.authority);
  emulator.authority.issue = (owner) => {
    const pair = issue(owner);
    issued.add(pair.accessToken).add(pair.refreshToken);
    return pair;
  };
  return issued;
}

/** The database's files, byte by byte: what a thief of the disk would have. */
function dump(file: string): string {
  return ['', '-wal', '-shm']
    .map((suffix) => file + suffix)
    .filter((name) => existsSync(name))
    .map((name) => readFileSync(name, 'latin1'))
    .join('');
}

/** Stops a service and starts it with other settings. */
const restart = async ({ bridge }: TestSystem, settings: Record<string, string>) => {
  expect(await bridge.stop()).toBe(0);
  bridge.start(settings);
};

describe('tokens', () => {
  const [first, secret] = [key(), key()];
  /** Started with one key after the other. */
  let moving: TestSystem;
  let system: TestSystem<BridgeProcess>;
  /** Installed when there was no key. */
  let moved: OwnPortal;
  /** The row of that one without a key, and after each start with others. */
  const stored: (Record<string, unknown> | undefined)[] = [];
  /** Installed before a start that comes after a kill. */
  let killed: OwnPortal;
  let requestsBeforeKill: number;
  let sealed: OwnPortal;
  beforeAll(async () => {
    moving = await openBeforeInstall({ settings: { LOG_LEVEL: 'debug' } });
    moved = await OwnPortal.installed(moving);
    stored.push(moved.row());
    for (const keys of [first, `${secret}, ${first}`, secret]) {
      await restart(moving, { TOKEN_ENCRYPTION_KEY: keys });
      await moving.ready();
      stored.push(moved.row());
    }
    system = await openBeforeInstall({
      process: true,
      settings: { LOG_LEVEL: 'debug', TOKEN_ENCRYPTION_KEY: `${secret}, ${first}` },
    });
    killed = await OwnPortal.installed(system);
    sealed = await OwnPortal.installed(system);
    requestsBeforeKill = killed.portal.counters.tokenRequests;
    expect(await system.bridge.stop('SIGKILL')).toBeNull();
    killed.push(1, 4);
    system.bridge.start({ TOKEN_ENCRYPTION_KEY: secret });
    await system.ready();
  }, 60_000);
  afterAll(() => system.close());
  afterAll(() => moving.close());

  it('move to a new key at a start with both, and no longer need the old one then', async () => {
    const [clear, ...others] = stored;
    expect(clear?.['refresh_token']).not.toMatch(/^aes256gcm:/);
    for (const row of others) {
      for (const column of ['access_token', 'refresh_token', 'application_token']) {
        expect(row?.[column]).toMatch(/^aes256gcm:/);
      }
    }
    const ids = others.map((row) => String(row?.['refresh_token']).split(':')[1] ?? '');
    expect(ids).toHaveLength(3);
    expect(ids[1]).not.toBe(ids[0]);
    expect(ids[2]).toBe(ids[1]);
    moved.push(1, 2);
    await until('events', () => moved.delivered().size === 2);
    const told = { event: 'ONOFFLINEEVENT', auth: authOf(moved.portal) };
    expect((await post(moving.bridge, '/bitrix24/events', told)).status).toBe(200);
  });

  it('survive a restart, with no refresh more than before', async () => {
    const own = killed;
    await until('events', () => own.delivered().size === 4);
    expect(own.portal.counters.tokenRequests).toBe(requestsBeforeKill);
    // The refresh token is still the one to renew with.
    own.portal.expireAccessTokens();
    own.push(5, 6);
    await until('events with renewed tokens', () => own.delivered().size === 6);
    expect(own.portal.counters.tokenRequests).toBe(requestsBeforeKill + 1);
  });

  it('of no kind are ever written: not to the log, the metrics, an answer or, with a key, the disk', async () => {
    const issued = tokensOf(system.emulator);
    const own = await OwnPortal.installed(system);
    const { bridge } = system;
    const { portal } = own;
    const answers: string[] = [];
    own.push(1, 5);
    await until('events', () => own.delivered().size === 5);
    portal.expireAccessTokens();
    own.push(6, 9);
    await until('events with renewed tokens', () => own.delivered().size === 9);
    // Refused in every way that there is, with genuine tokens in hand.
    const genuine = () => ({ ...authOf(portal), refresh_token: portal.issueRefreshToken() });
    const bodies: (object | string)[] = [
      { event: 'ONAPPINSTALL', auth: { ...genuine(), member_id: '!' } },
      {
        event: 'ONAPPINSTALL',
        auth: { ...genuine(), refresh_token: { nested: portal.issueRefreshToken() } },
      },
      { event: 'ONOFFLINEEVENT', auth: { ...genuine(), application_token: portal.issueAccessToken() } },
      `{"auth":"${portal.issueRefreshToken()}`,
      `event=ONAPPINSTALL&auth[refresh_token]=${portal.issueRefreshToken()}x`,
    ];
    for (const body of bodies) {
      const type = typeof body === 'string' && body.startsWith('{') ? 'application/json' : undefined;
      const answer = await post(bridge, '/bitrix24/events', body, type === undefined ? {} : { type });
      expect([400, 403]).toContain(answer.status);
      answers.push(answer.body, JSON.stringify(answer.headers));
    }
    // Refusals whose texts quote what they refuse.
    portal.setState({ status: 401, error: 'invalid_token', description: `token ${[...issued].join(' ')}` });
    await until('the state', () => own.state === 'unauthorized');
    portal.setState('active');
    await install(system, portal);
    own.push(10, 11);
    await until('events after all that', () => own.delivered().size === 11);
    answers.push((await system.get('/metrics')).body, (await system.get('/health/ready')).body);
    const disk = dump(bridge.databaseFile);
    await portal.uninstall(`${bridge.url}/bitrix24/events`);
    for (const one of [bridge, moving.bridge]) expect(await one.stop()).toBe(0);

    expect(issued.size).toBeGreaterThan(20);
    expect(bridge.output).toContain('"event":"portal.uninstalled"');
    expect(disk).toContain(portal.memberId);
    const written = [bridge, moving.bridge].flatMap((one) => [one.output, dump(one.databaseFile)]);
    const everything = [...written, ...answers, disk];
    const clientSecrets = [system, moving].map(({ emulator }) => emulator.clientSecret);
    for (const token of [...issued, portal.applicationToken, ...clientSecrets, first, secret]) {
      for (const text of everything) expect(text.includes(token)).toBe(false);
    }
  });

  // The last one: the service does not start again.
  it('sealed with another key end the start with 78 and a clear word; nothing is changed', async () => {
    const before = sealed.row();
    await restart(system, { TOKEN_ENCRYPTION_KEY: key() });
    system.bridge.output = '';
    expect(await system.bridge.exited()).toBe(78);
    expect(system.bridge.output).toMatch(
      /encrypted with another key \(key id \S+, TOKEN_ENCRYPTION_KEY has \S+\)/,
    );
    delete system.bridge.settings['TOKEN_ENCRYPTION_KEY'];
    system.bridge.start();
    expect(await system.bridge.exited()).toBe(78);
    expect(system.bridge.output).toContain('TOKEN_ENCRYPTION_KEY is not set');
    expect(sealed.row()?.['refresh_token']).toBe(before?.['refresh_token']);
  });
});
