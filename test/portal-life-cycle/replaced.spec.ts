import { afterEach, describe, expect, it } from '@jest/globals';
import { type EmulatedPortal } from '../../emulator/index.js';
import { json, run } from '../cli/in-process.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { install, linesOf, openBeforeInstall, portalRow } from '../support/before-install.js';
import { Visitor } from '../support/visitor.js';

const PASSWORD = 'correct horse battery';

describe('a portal that installs the application in the place of another', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  const keys = () => system.downstream.received.map(({ routingKey }) => routingKey);
  const change = (portal: EmulatedPortal, id: string) =>
    portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: id } }, userId: '1' });
  const keyOf = async (portal: EmulatedPortal, id: string) => {
    change(portal, id);
    await until(`event ${id}`, () => system.delivered().has(id));
    return system.downstream.received.find(({ objectId }) => objectId === id)?.routingKey;
  };
  const oldNameOf = ({ memberId }: EmulatedPortal, name = 'acme') => `${name}-old-${memberId.slice(0, 8)}`;
  const states = { uninstalled: 'uninstalled', revoked: 'unauthorized' } as const;
  const end = async (portal: EmulatedPortal, how: keyof typeof states) => {
    if (how === 'uninstalled') await portal.uninstall(`${system.bridge.url}/bitrix24/events`);
    else portal.revoke();
    await until('its end', () => portalRow(system.bridge, portal.memberId)?.['state'] === states[how]);
  };
  const dashboard = async (path: string) => {
    const visitor = new Visitor(system.bridge.url);
    await visitor.get('/log-in');
    await visitor.post('/log-in', [['password', PASSWORD]]);
    return (await visitor.get(path)).body;
  };

  it.each(['uninstalled', 'revoked'] as const)(
    'that was %s has its name from then on; what is left of that one comes under another',
    async (how) => {
      system = await openBeforeInstall({
        // Failures of it wait in the ledger, and are retried from there.
        portal: { extended: false },
        settings: {
          DASHBOARD_PASSWORD: PASSWORD,
          SETTLE_AFTER_MS: '600000',
          RETRY_BASE_DELAY_MS: '3600000',
          RETRY_MAX_DELAY_MS: '3600000',
        },
      });
      const { portal: former } = system;
      await install(system);
      expect(await keyOf(former, '1')).toBe('acme.crm.deal.update');
      system.downstream.reply({ status: 'failed', reason: 'try later' }, system.downstream.received[0]);
      await until('the failure', async () => {
        const { events } = await json<{ events: unknown[] }>(system.bridge, ['events', 'list']);
        return events.length === 1;
      });
      await end(former, how);

      const present = system.emulator.addPortal({ name: 'present', site: 'acme.localhost' });
      expect(await install(system, present)).toBe(200);
      expect(await keyOf(present, '2')).toBe('acme.crm.deal.update');
      const old = oldNameOf(former);
      expect(portalRow(system.bridge, former.memberId)).toMatchObject({ name: old, former_name: 'acme' });
      expect(portalRow(system.bridge, present.memberId)).toMatchObject({ name: 'acme', former_name: null });
      expect(linesOf(system.bridge, 'portal.replaced').map(({ message }) => message)).toMatchObject([
        { portal: 'acme', memberId: present.memberId, former: old, formerMemberId: former.memberId },
      ]);

      // What waits of the former one, under its own event id.
      await run(system.bridge, ['events', 'retry', '--portal', old]);
      await until('the retry', () => keys().length === 3);
      const [first, , retried] = system.downstream.received;
      expect(retried).toMatchObject({ routingKey: `${old}.crm.deal.update`, id: first?.id, attempt: 2 });
      expect(retried?.body['portal']).toBe(old);
      // Its address means the one that is there.
      const { port } = system.emulator;
      expect(await json(system.bridge, ['portals', 'check', `acme.localhost:${port}`])).toMatchObject({
        exitCode: 0,
        portal: { memberId: present.memberId },
      });

      const list = await run(system.bridge, ['portals', 'list']);
      expect(list.stdout).toMatch(new RegExp(`^${old} .* it was acme, which another portal is now`, 'm'));
      expect(await dashboard('/')).toContain('was acme, which another portal is now');
      expect(await dashboard(`/portals/${old}`)).toContain('It was called acme');
      const { body } = await system.get('/metrics');
      expect(body).toContain('bridge_portal_state{portal="acme",state="active"} 1');
      expect(body).toContain(`bridge_portal_state{portal="${old}",state="${states[how]}"} 1`);

      // A restart changes nothing of that.
      await system.bridge.stop();
      system.bridge.start();
      expect(await keyOf(present, '3')).toBe('acme.crm.deal.update');
    },
  );

  it('by a code on the command line is the same to the running service', async () => {
    system = await openBeforeInstall();
    const { portal: former } = system;
    await install(system);
    await end(former, 'uninstalled');
    const present = system.emulator.addPortal({ name: 'present', site: 'acme.localhost' });
    const code = system.emulator.authority.issueCode(present, system.emulator.clientId);
    const added = await run(system.bridge, ['portals', 'add', `http://${present.domain}`, '--code', code]);
    expect(added.stdout).toContain('installed as acme');
    expect(added.stdout).toContain(`called ${oldNameOf(former)} from now on`);
    await until('its bindings', () => present.bindings().length === 3);
    expect(await keyOf(present, '1')).toBe('acme.crm.deal.update');
    expect(linesOf(system.bridge, 'portal.renamed').map(({ message }) => message)).toMatchObject([
      { portal: oldNameOf(former), former: 'acme', memberId: former.memberId },
    ]);
  });

  it('that is alive gets another name, and a warning says so', async () => {
    system = await openBeforeInstall();
    await install(system);
    const second = system.emulator.addPortal({ name: 'second', site: 'acme.elsewhere.localhost' });
    expect(await install(system, second)).toBe(200);
    const name = `portal${second.memberId.slice(0, 8)}`;
    expect(await keyOf(second, '1')).toBe(`${name}.crm.deal.update`);
    expect(await keyOf(system.portal, '2')).toBe('acme.crm.deal.update');
    const [warning] = linesOf(system.bridge, 'portal.name_taken');
    expect(warning?.message).toMatchObject({ portal: name, name: 'acme' });
    expect(String(warning?.message['advice'])).toContain('portals rename');
    // Installed again, it says nothing new.
    await install(system, second);
    expect(linesOf(system.bridge, 'portal.name_taken')).toHaveLength(1);
  });

  it('that comes back keeps its new name while the other is alive, and gets its own back afterwards', async () => {
    system = await openBeforeInstall();
    const { portal: former } = system;
    await install(system);
    await end(former, 'uninstalled');
    const present = system.emulator.addPortal({ name: 'present', site: 'acme.localhost' });
    await install(system, present);
    // It is somewhere else by now.
    former.moveTo('acme.elsewhere.localhost');
    await install(system);
    expect(await keyOf(former, '1')).toBe(`${oldNameOf(former)}.crm.deal.update`);
    expect(await keyOf(present, '2')).toBe('acme.crm.deal.update');
    await end(former, 'uninstalled');
    await end(present, 'uninstalled');
    await install(system);
    expect(await keyOf(former, '3')).toBe('acme.crm.deal.update');
    expect(portalRow(system.bridge, present.memberId)).toMatchObject({ name: oldNameOf(present) });
  });
});

describe('portals rename', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('gives a portal another name, which the running service follows', async () => {
    system = await openBeforeInstall();
    const { portal } = system;
    await install(system);
    const rename = (...args: string[]) => run(system.bridge, ['portals', 'rename', ...args]);
    for (const name of ['Acme', 'a.b', '12', 'a_b', '#', 'x'.repeat(64)]) {
      expect([name, (await rename('acme', name, '--yes')).exitCode]).toEqual([name, 2]);
    }
    const second = system.emulator.addPortal({ name: 'second' });
    await install(system, second);
    expect((await rename('acme', 'second', '--yes')).stderr).toContain('is taken by second');
    // Nobody confirms.
    expect(await rename('acme', 'sales')).toMatchObject({ exitCode: 1 });
    expect(portalRow(system.bridge, portal.memberId)).toMatchObject({ name: 'acme' });

    const renamed = await json(system.bridge, ['portals', 'rename', portal.domain, 'sales', '--yes']);
    expect(renamed).toMatchObject({
      exitCode: 0,
      from: 'acme',
      renamed: { name: 'sales', memberId: portal.memberId },
      warnings: [expect.stringContaining('routing keys change from acme.# to sales.#')],
    });
    const { message } = await system.bridge.logged('portal.renamed');
    expect(message).toMatchObject({ portal: 'sales', former: 'acme', memberId: portal.memberId });
    system.push(1, 1);
    await until('the event', () => system.delivered().has('1'));
    expect(system.downstream.received[0]).toMatchObject({ routingKey: 'sales.crm.deal.update' });
    expect(system.downstream.received[0]?.body).toMatchObject({
      portal: 'sales',
      pattern: 'sales.crm.deal.update',
    });
    const { body } = await system.get('/metrics');
    expect(body).toContain('bridge_portal_state{portal="sales",state="active"} 1');
    expect(body).not.toContain('bridge_portal_state{portal="acme"');
    // Installed again, it keeps it.
    await install(system);
    expect(portalRow(system.bridge, portal.memberId)).toMatchObject({ name: 'sales' });
  });
});
