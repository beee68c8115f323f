import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmulatedPortal } from '../../emulator/index.js';
import { linesOf } from '../support/before-install.js';
import { OwnPortal } from '../support/own-portal.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { begin } from './command-line.js';
import { json, run } from './in-process.js';

interface Checked {
  readonly ok: boolean;
  readonly findings: readonly { subject: string; verdict: string; text: string }[];
  readonly queue?: Record<string, number>;
}

let system: TestSystem;

const check = async (settings: Record<string, string> = {}, name = 'acme') => {
  const checked = await json<Checked>(system.bridge, ['portals', 'check', name], settings);
  const verdicts = Object.fromEntries(checked.findings.map(({ subject, verdict }) => [subject, verdict]));
  const text = checked.findings.map((finding) => `${finding.subject}: ${finding.text}`).join('\n');
  return { ...checked, verdicts, text };
};
/** What an administrator's browser gets: the code. The portal is reached by path, as not every machine resolves its name. */
const authorize = async (link: string): Promise<{ code: string; state: string }> => {
  const { port, hostname, pathname, search } = new URL(link);
  const [name = ''] = hostname.split('.');
  const response = await fetch(`http://127.0.0.1:${port}/${name}${pathname}${search}`);
  return (await response.json()) as { code: string; state: string };
};
const linkIn = (text: string) => /^ {2}(http\S+)$/m.exec(text)?.[1] ?? '';

/** Objects of a portal whose events were delivered. */
const idsOf = ({ downstream }: TestSystem, { memberId }: EmulatedPortal) =>
  new Set(
    downstream.received.filter(({ body }) => body['memberid'] === memberId).map(({ objectId }) => objectId),
  );

describe('the command line, of portals,', () => {
  beforeAll(async () => {
    system = await TestSystem.open({ settings: { SETTLE_AFTER_MS: '600000', DRAIN_LIMIT: '2' } });
  });
  afterAll(() => system?.close());

  it('add: the link yields a code, the code a portal, which the running service drains within seconds', async () => {
    const second = system.emulator.addPortal({ name: 'second' });
    const command = begin(system.bridge, ['portals', 'add', `http://${second.domain}`]);
    const link = linkIn(await command.says('Paste'));
    expect(link).toContain(
      `http://${second.domain}/oauth/authorize/?client_id=${system.emulator.clientId}&state=`,
    );
    const { code, state } = await authorize(link);
    command.type(`https://app.example/callback?code=${code}&state=${state}&domain=${second.domain}`);
    const { exitCode, stdout } = await command.ended;
    expect(stdout).toContain(`${second.domain} is installed as second (member id ${second.memberId})`);
    expect(exitCode).toBe(0);

    await until('bindings of the new portal', () => second.bindings().length === 3);
    second.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: '77' } }, userId: '1' });
    await until('its event', () => system.delivered().has('77'));
    const event = system.downstream.received.find(({ objectId }) => objectId === '77');
    expect(event?.routingKey).toBe('second.crm.deal.update');

    const { portals } = await json<{ portals: { name: string; state: string }[] }>(system.bridge, [
      'portals',
      'list',
    ]);
    expect(portals.filter(({ name }) => ['acme', 'second'].includes(name))).toMatchObject([
      { name: 'acme', state: 'active', memberId: system.portal.memberId },
      { name: 'second', state: 'active', memberId: second.memberId },
    ]);
    expect((await run(system.bridge, ['portals', 'list'])).stdout).toMatch(
      /^second +second\.localhost:\d+ +active/m,
    );
  }, 180_000);

  it('check: a token that it renews serves the running service too, and the other way round', async () => {
    const own = await OwnPortal.installed(system);
    const { name } = own.portal;
    for (let id = 1; id <= 3; id += 1) {
      own.portal.expireAccessTokens();
      own.push(id, id);
      expect(await check({}, name)).toMatchObject({ exitCode: 0, verdicts: { authorization: 'ok' } });
      await until(`delivery of ${id}`, () => own.delivered().has(String(id)));
    }
    await system.bridge.stop();
    own.portal.expireAccessTokens();
    expect(await check({}, name)).toMatchObject({ exitCode: 0 });
    system.bridge.start();
    own.push(4, 4);
    await until('delivery with what the command stored', () => own.delivered().has('4'));
    const said = system.bridge.output.split('\n').filter((line) => line.includes(`"${name}"`));
    expect(said.length).toBeGreaterThan(0);
    expect(said.join('\n')).not.toContain('unauthorized');
  }, 180_000);

  it('remove: asks, warns of what is in flight, forgets the tokens, and the service lets the portal be', async () => {
    const delivered = () => idsOf(system, system.portal);
    const saidBefore = system.bridge.output.length;
    system.push(1, 2);
    await until('deliveries', () => delivered().size === 2);
    await until('their record', () => system.bridge.output.slice(saidBefore).includes('"confirmed":2'));
    const refused = begin(system.bridge, ['portals', 'remove', 'acme']);
    expect(await refused.says('[y/N]')).toMatch(/warning: events are in flight \(2 published\)/);
    refused.type('');
    expect((await refused.ended).exitCode).toBe(1);
    expect(await check()).toMatchObject({ exitCode: 0 });

    const removed = await json<{ warnings: string[] }>(system.bridge, ['portals', 'remove', 'acme', '--yes']);
    expect(removed).toMatchObject({ exitCode: 0, removed: { name: 'acme' }, inFlight: { published: 2 } });
    expect(removed.warnings.join()).toContain('B24_DOMAIN');
    const { portals } = await json<{ portals: { name: string }[] }>(system.bridge, ['portals', 'list']);
    expect(portals.filter(({ name }) => name === 'acme')).toMatchObject([
      { state: 'uninstalled', stateReason: 'removed at the command line' },
    ]);
    expect(
      await json(system.bridge, ['events', 'list', '--state', 'published', '--portal', 'acme']),
    ).toMatchObject({ total: 2 });
    await until('the service to know it', () =>
      linesOf(system.bridge, 'portal.changed_elsewhere').some(({ message }) => message['portal'] === 'acme'),
    );
    const { requests } = system.portal.counters;
    system.push(3, 3);
    // Ten rounds would have passed.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(system.portal.counters.requests - requests).toBeLessThanOrEqual(1);
    expect(delivered().has('3')).toBe(false);

    expect(await check()).toMatchObject({ exitCode: 1, verdicts: { authorization: 'wrong' } });
    expect((await run(system.bridge, ['portals', 'remove', 'acme', '--yes'])).exitCode).toBe(1);
    const code = system.emulator.authority.issueCode(system.portal, system.emulator.clientId);
    const add = await run(system.bridge, [
      'portals',
      'add',
      `http://${system.portal.domain}`,
      '--code',
      code,
    ]);
    expect(add.stdout).toContain('installed again as acme');
    await until('what waited meanwhile', () => delivered().has('3'));
  }, 180_000);

  // The last ones: the service has ended.
  describe('of which some wait,', () => {
    let well: OwnPortal;
    beforeAll(async () => {
      well = await OwnPortal.installed(system);
      well.push(1, 2);
      const { portal } = well;
      await until('a reservation', () => portal.rows().every((row) => row.PROCESS_ID !== ''));
      await system.bridge.stop();
      well.push(3, 5);
      portal.queue.error({ process_id: '', message_id: [portal.rows().at(-1)?.MESSAGE_ID] });
    });

    it('check: says of each thing that it is well, and how deep the queue is', async () => {
      const checked = await check({}, well.portal.name);
      expect(checked).toMatchObject({ exitCode: 0, ok: true, queue: { pending: 2, reserved: 2, marked: 1 } });
      expect(checked.verdicts).toEqual({
        authorization: 'ok',
        administrator: 'ok',
        reservations: 'ok',
        bindings: 'ok',
        queue: 'ok',
        speed: 'ok',
        clock: 'ok',
        service: 'ok',
      });
      const { stdout } = await run(system.bridge, ['portals', 'check', well.portal.memberId]);
      expect(stdout).toMatch(/^ok +queue +2 pending, 2 reserved, 1 marked as failed$/m);
    }, 180_000);

    it('check: says what to do where something is wrong', async () => {
      const { portal } = system;

      portal.setFeatures({ extended: false });
      let checked = await check();
      expect(checked).toMatchObject({ exitCode: 0, verdicts: { reservations: 'note' } });
      expect(checked.text).toContain('lacks rest_offline_extended');
      portal.setFeatures({ extended: true, connector: false });
      checked = await check({ B24_AUTH_CONNECTOR: 'erp' });
      expect(checked).toMatchObject({ exitCode: 1, verdicts: { 'source key': 'wrong' } });
      expect(checked.text).toContain('unset B24_AUTH_CONNECTOR');
      portal.setFeatures({ connector: true });

      checked = await check({
        B24_EVENTS: 'ONCRMDEALADD,ONCRMLEADADD',
        PUBLIC_URL: 'https://bridge.example/',
      });
      expect(checked).toMatchObject({ exitCode: 1, verdicts: { bindings: 'wrong', authorization: 'ok' } });
      expect(checked.text).toContain('not bound: ONCRMLEADADD, ONOFFLINEEVENT');
      // It was installed by a refresh token.
      expect(checked.verdicts).toMatchObject({ notifications: 'note' });

      portal.setAdministrator(false);
      checked = await check();
      expect(checked).toMatchObject({
        exitCode: 1,
        verdicts: { administrator: 'wrong', authorization: 'ok' },
      });
      expect(checked.text).toContain('let an administrator do it');
      portal.setAdministrator(true);

      portal.setState('overload');
      expect(await check()).toMatchObject({ exitCode: 1, verdicts: { portal: 'wrong' } });
      portal.setState('active');

      portal.revoke();
      checked = await check();
      expect(checked).toMatchObject({ exitCode: 1, verdicts: { authorization: 'wrong' } });
      expect(checked.text).toContain(`portals add ${portal.domain}`);
      expect((await run(system.bridge, ['portals', 'check', 'nowhere'])).exitCode).toBe(1);
    }, 180_000);
  });
});

describe('the command line, of portals,', () => {
  afterAll(() => system?.close());

  it('add: takes a code on the command line before the first start; nothing where the code is not for that portal', async () => {
    system = await TestSystem.prepare();
    const other = system.emulator.addPortal({ name: 'other' });
    const codeOf = (portal: typeof other) =>
      system.emulator.authority.issueCode(portal, system.emulator.clientId);
    const add = (domain: string, code: string, settings: Record<string, string> = {}) =>
      json<{ error?: string }>(system.bridge, ['portals', 'add', domain, '--code', code], settings);
    const domain = `http://${system.portal.domain}`;

    expect((await add(domain, codeOf(other))).error).toContain(`belongs to ${other.domain}`);
    expect((await add(domain, 'a-code-nobody-issued')).error).toContain('lives for 30 seconds');
    expect(
      (await add(domain, codeOf(system.portal), { B24_ALLOWED_PORTALS: '*.bitrix24.com' })).error,
    ).toContain('B24_ALLOWED_PORTALS');
    expect(await json(system.bridge, ['portals', 'list'])).toMatchObject({ portals: [] });
    const http = await run(system.bridge, ['portals', 'add', domain], {
      B24_ALLOW_HTTP: 'false',
      B24_OAUTH_URL: 'https://oauth.example',
    });
    expect(http.exitCode).toBe(2);
    expect((await run(system.bridge, ['portals', 'add', 'no domain'])).exitCode).toBe(2);
    // Whoever turns away from the question installs nothing.
    expect(await run(system.bridge, ['portals', 'add', domain])).toMatchObject({ exitCode: 1 });
    // A host alone means https, which an emulator does not speak: the link would lead nowhere, without a word.
    expect((await run(system.bridge, ['portals', 'add', system.portal.domain])).stderr).toContain(
      `for a portal without https give ${domain}`,
    );

    expect(await add(domain, codeOf(system.portal))).toMatchObject({
      exitCode: 0,
      installed: { name: 'acme' },
    });
    expect(await add(domain, codeOf(system.portal))).toMatchObject({ exitCode: 0, again: true });
  }, 180_000);
});
