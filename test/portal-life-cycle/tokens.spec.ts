import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Emulator, type EmulatedPortal } from '../../emulator/index.js';
import { type Stage } from '../support/stage.js';
import { until } from '../support/until.js';
import { authOf, install, openVestibule, portalRow, post } from '../support/vestibule.js';

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

describe('tokens', () => {
  let stage: Stage;
  afterEach(() => stage.close());
  const stored = (portal: EmulatedPortal = stage.portal) => portalRow(stage.bridge, portal.memberId);
  const restart = async (settings: Record<string, string | undefined>) => {
    expect(await stage.bridge.stop()).toBe(0);
    for (const [name, value] of Object.entries(settings)) {
      if (value === undefined) delete stage.bridge.settings[name];
      else stage.bridge.settings[name] = value;
    }
    stage.bridge.start();
  };

  it('of no kind are ever written: not to the log, the metrics, an answer or, with a key, the disk', async () => {
    const secret = key();
    stage = await openVestibule({ settings: { LOG_LEVEL: 'debug', TOKEN_ENCRYPTION_KEY: secret } });
    const issued = tokensOf(stage.emulator);
    const { bridge, portal } = stage;
    const answers: string[] = [];
    await install(stage);
    stage.push(1, 5);
    await until('events', () => stage.delivered().size === 5);
    portal.expireAccessTokens();
    stage.push(6, 9);
    await until('events with renewed tokens', () => stage.delivered().size === 9);
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
    await until('the state', () => stored()?.['state'] === 'unauthorized');
    portal.setState('active');
    await install(stage);
    stage.push(10, 11);
    await until('events after all that', () => stage.delivered().size === 11);
    answers.push((await stage.get('/metrics')).body, (await stage.get('/health/ready')).body);
    const disk = dump(bridge.databaseFile);
    await portal.uninstall(`${bridge.url}/bitrix24/events`);
    expect(await bridge.stop()).toBe(0);

    expect(issued.size).toBeGreaterThan(20);
    expect(bridge.output).toContain('"event":"portal.uninstalled"');
    expect(disk).toContain(portal.memberId);
    const everything = [bridge.output, ...answers, disk, dump(bridge.databaseFile)];
    for (const token of [...issued, portal.applicationToken, stage.emulator.clientSecret, secret]) {
      for (const text of everything) expect(text.includes(token)).toBe(false);
    }
  });

  it('survive a restart, with no refresh more than before', async () => {
    stage = await openVestibule({ settings: { TOKEN_ENCRYPTION_KEY: key() } });
    await install(stage);
    const { tokenRequests } = stage.portal.counters;
    expect(await stage.bridge.stop('SIGKILL')).toBeNull();
    stage.push(1, 4);
    stage.bridge.start();
    await until('events', () => stage.delivered().size === 4);
    expect(stage.portal.counters.tokenRequests).toBe(tokenRequests);
    // The refresh token is still the one to renew with.
    stage.portal.expireAccessTokens();
    stage.push(5, 6);
    await until('events with renewed tokens', () => stage.delivered().size === 6);
    expect(stage.portal.counters.tokenRequests).toBe(tokenRequests + 1);
  });

  it('sealed with another key end the start with 78 and a clear word; nothing is changed', async () => {
    stage = await openVestibule({ settings: { TOKEN_ENCRYPTION_KEY: key() } });
    await install(stage);
    const before = stored();
    await restart({ TOKEN_ENCRYPTION_KEY: key() });
    stage.bridge.output = '';
    expect(await stage.bridge.exited()).toBe(78);
    expect(stage.bridge.output).toMatch(
      /encrypted with another key \(key id \S+, TOKEN_ENCRYPTION_KEY has \S+\)/,
    );
    delete stage.bridge.settings['TOKEN_ENCRYPTION_KEY'];
    stage.bridge.start();
    expect(await stage.bridge.exited()).toBe(78);
    expect(stage.bridge.output).toContain('TOKEN_ENCRYPTION_KEY is not set');
    expect(stored()?.['refresh_token']).toBe(before?.['refresh_token']);
  });

  it('move to a new key at a start with both, and no longer need the old one then', async () => {
    const [first, second] = [key(), key()];
    stage = await openVestibule();
    await install(stage);
    const clear = stored()?.['refresh_token'];
    expect(clear).not.toMatch(/^aes256gcm:/);
    const ids: string[] = [];
    for (const keys of [first, `${second}, ${first}`, second]) {
      await restart({ TOKEN_ENCRYPTION_KEY: keys });
      await until('the start', () => stage.bridge.find('http.listening') !== undefined);
      await until('readiness', async () => (await stage.get('/health/ready')).status === 200);
      const row = stored();
      for (const column of ['access_token', 'refresh_token', 'application_token']) {
        expect(row?.[column]).toMatch(/^aes256gcm:/);
      }
      ids.push(String(row?.['refresh_token']).split(':')[1] ?? '');
    }
    expect(ids[1]).not.toBe(ids[0]);
    expect(ids[2]).toBe(ids[1]);
    stage.push(1, 2);
    await until('events', () => stage.delivered().size === 2);
    expect(
      (await post(stage.bridge, '/bitrix24/events', { event: 'ONOFFLINEEVENT', auth: authOf(stage.portal) }))
        .status,
    ).toBe(200);
  });
});
