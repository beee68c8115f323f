import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type PortalOptions } from '../../emulator/index.js';
import { json, run } from '../cli/in-process.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { install, linesOf, openBeforeInstall } from '../support/before-install.js';
import { Visitor } from '../support/visitor.js';

const PASSWORD = 'correct horse battery';

describe('of one service:', () => {
  let system: TestSystem;
  let own: OwnPortal;
  const entered: OwnPortal[] = [];
  beforeAll(async () => {
    system = await openBeforeInstall({
      settings: {
        DASHBOARD_PASSWORD: PASSWORD,
        SETTLE_AFTER_MS: '600000',
        RETRY_BASE_DELAY_MS: '3600000',
        RETRY_MAX_DELAY_MS: '3600000',
      },
    });
  });
  afterAll(() => system.close());
  /** Another portal of the test. */
  const enter = (options: Partial<PortalOptions> = {}) => {
    const portal = new OwnPortal(system, options);
    entered.push(portal);
    return portal;
  };
  const enterInstalled = async (options: Partial<PortalOptions> = {}) => {
    const one = enter(options);
    await install(system, one.portal);
    return one;
  };
  const messages = (event: string) => linesOf(system.bridge, event).map(({ message }) => message);
  afterEach(async () => {
    for (const one of entered.splice(0)) await one.leave();
  });

  describe('a portal that installs the application in the place of another', () => {
    const keyOf = async (portal: OwnPortal, id: number) => {
      portal.push(id, id);
      await until(`event ${id}`, () => portal.delivered().has(String(id)));
      return portal.received.find(({ objectId }) => objectId === String(id))?.routingKey;
    };
    const oldNameOf = ({ portal: { memberId } }: OwnPortal, name = own.portal.name) =>
      `${name}-old-${memberId.slice(0, 8)}`;
    const states = { uninstalled: 'uninstalled', revoked: 'unauthorized' } as const;
    const end = async (ending: OwnPortal, how: keyof typeof states) => {
      if (how === 'uninstalled') await ending.portal.uninstall(`${system.bridge.url}/bitrix24/events`);
      else ending.portal.revoke();
      await until('its end', () => ending.state === states[how]);
    };
    /** Where the first one of the test was. */
    const inItsPlace = () => enter({ site: `${own.portal.name}.localhost` });
    const dashboard = async (path: string) => {
      const visitor = new Visitor(system.bridge.url);
      await visitor.get('/log-in');
      await visitor.post('/log-in', [['password', PASSWORD]]);
      return (await visitor.get(path)).body;
    };

    const ENDS = ['uninstalled', 'revoked'] as const;
    type End = (typeof ENDS)[number];
    /** One of each, before the restart that they have in common. */
    const replacements = new Map<End, Promise<Record<'former' | 'present', OwnPortal>>>();
    const replacedAfter = (how: End) => {
      const begun = replacements.get(how) ?? replaceAfter(how);
      replacements.set(how, begun);
      return begun;
    };
    const replaceAfter = async (how: End) => {
      // Failures of it wait in the ledger, and are retried from there.
      const former = await OwnPortal.installed(system, { extended: false });
      const { name } = former.portal;
      expect(await keyOf(former, 1)).toBe(`${name}.crm.deal.update`);
      system.downstream.reply({ status: 'failed', reason: 'try later' }, former.received[0]);
      await until('the failure', async () => {
        const { events } = await json<{ events: unknown[] }>(system.bridge, [
          ...['events', 'list', '--portal', name],
        ]);
        return events.length === 1;
      });
      await end(former, how);

      const replacedBefore = messages('portal.replaced').length;
      const present = new OwnPortal(system, { site: `${name}.localhost` });
      const { memberId } = present.portal;
      expect(await install(system, present.portal)).toBe(200);
      expect(await keyOf(present, 2)).toBe(`${name}.crm.deal.update`);
      const old = oldNameOf(former, name);
      expect(former.row()).toMatchObject({ name: old, former_name: name });
      expect(present.row()).toMatchObject({ name, former_name: null });
      expect(messages('portal.replaced').slice(replacedBefore)).toMatchObject([
        { portal: name, memberId, former: old, formerMemberId: former.portal.memberId },
      ]);

      // What waits of the former one, under its own event id.
      await run(system.bridge, ['events', 'retry', '--portal', old]);
      await until('the retry', () => former.received.length === 2);
      expect(present.received).toHaveLength(1);
      const [first, retried] = former.received;
      expect(retried).toMatchObject({ routingKey: `${old}.crm.deal.update`, id: first?.id, attempt: 2 });
      expect(retried?.body['portal']).toBe(old);
      // Its address means the one that is there.
      const { port } = system.emulator;
      expect(await json(system.bridge, ['portals', 'check', `${name}.localhost:${port}`])).toMatchObject({
        exitCode: 0,
        portal: { memberId },
      });

      const list = await run(system.bridge, ['portals', 'list']);
      expect(list.stdout).toMatch(new RegExp(`^${old} .* it was ${name}, which another portal is now`, 'm'));
      expect(await dashboard('/')).toContain(`was ${name}, which another portal is now`);
      expect(await dashboard(`/portals/${old}`)).toContain(`It was called ${name}`);
      const { body } = await system.get('/metrics');
      expect(body).toContain(`bridge_portal_state{portal="${name}",state="active"} 1`);
      expect(body).toContain(`bridge_portal_state{portal="${old}",state="${states[how]}"} 1`);
      return { former, present };
    };
    let restarted: Promise<void> | null = null;
    const restart = () =>
      (restarted ??= (async () => {
        for (const how of ENDS) await replacedAfter(how).catch(() => undefined);
        await system.bridge.stop();
        system.bridge.start();
      })());

    it.each(ENDS)(
      'that was %s has its name from then on; what is left of that one comes under another',
      async (how) => {
        const { former, present } = await replacedAfter(how);
        // A restart changes nothing of that.
        await restart();
        entered.push(former, present);
        expect(await keyOf(present, 3)).toBe(`${former.portal.name}.crm.deal.update`);
      },
    );

    it('by a code on the command line is the same to the running service', async () => {
      own = await enterInstalled();
      const former = own;
      const { name } = own.portal;
      await end(former, 'uninstalled');
      const present = inItsPlace();
      const renamedBefore = messages('portal.renamed').length;
      const code = system.emulator.authority.issueCode(present.portal, system.emulator.clientId);
      const added = await run(system.bridge, [
        'portals',
        'add',
        `http://${present.portal.domain}`,
        '--code',
        code,
      ]);
      expect(added.stdout).toContain(`installed as ${name}`);
      expect(added.stdout).toContain(`called ${oldNameOf(former)} from now on`);
      await until('its bindings', () => present.portal.bindings().length === 3);
      expect(await keyOf(present, 1)).toBe(`${name}.crm.deal.update`);
      expect(messages('portal.renamed').slice(renamedBefore)).toMatchObject([
        { portal: oldNameOf(former), former: name, memberId: former.portal.memberId },
      ]);
    });

    it('that is alive gets another name, and a warning says so', async () => {
      own = await enterInstalled();
      const { name: taken } = own.portal;
      const second = enter({ site: `${taken}.elsewhere.localhost` });
      const warnings = () => messages('portal.name_taken').filter((message) => message['name'] === taken);
      expect(await install(system, second.portal)).toBe(200);
      const name = `portal${second.portal.memberId.slice(0, 8)}`;
      expect(await keyOf(second, 1)).toBe(`${name}.crm.deal.update`);
      expect(await keyOf(own, 2)).toBe(`${taken}.crm.deal.update`);
      const [warning] = warnings();
      expect(warning).toMatchObject({ portal: name, name: taken });
      expect(String(warning?.['advice'])).toContain('portals rename');
      // Installed again, it says nothing new.
      await install(system, second.portal);
      expect(warnings()).toHaveLength(1);
    });

    it('that comes back keeps its new name while the other is alive, and gets its own back afterwards', async () => {
      own = await enterInstalled();
      const former = own;
      const { name } = own.portal;
      await end(former, 'uninstalled');
      const present = inItsPlace();
      await install(system, present.portal);
      // It is somewhere else by now.
      former.portal.moveTo(`${name}.elsewhere.localhost`);
      await install(system, former.portal);
      expect(await keyOf(former, 1)).toBe(`${oldNameOf(former)}.crm.deal.update`);
      expect(await keyOf(present, 2)).toBe(`${name}.crm.deal.update`);
      await end(former, 'uninstalled');
      await end(present, 'uninstalled');
      await install(system, former.portal);
      expect(await keyOf(former, 3)).toBe(`${name}.crm.deal.update`);
      expect(present.row()).toMatchObject({ name: oldNameOf(present) });
    });
  });

  describe('portals rename', () => {
    it('gives a portal another name, which the running service follows', async () => {
      own = await enterInstalled();
      const { portal } = own;
      const { name: former } = portal;
      const rename = (...args: string[]) => run(system.bridge, ['portals', 'rename', ...args]);
      for (const name of ['Acme', 'a.b', '12', 'a_b', '#', 'x'.repeat(64)]) {
        expect([name, (await rename(former, name, '--yes')).exitCode]).toEqual([name, 2]);
      }
      const second = await enterInstalled();
      expect((await rename(former, second.portal.name, '--yes')).stderr).toContain(
        `is taken by ${second.portal.name}`,
      );
      // Nobody confirms.
      expect(await rename(former, 'sales')).toMatchObject({ exitCode: 1 });
      expect(own.row()).toMatchObject({ name: former });

      const said = () => messages('portal.renamed').filter(({ memberId }) => memberId === portal.memberId);
      const renamed = await json(system.bridge, ['portals', 'rename', portal.domain, 'sales', '--yes']);
      expect(renamed).toMatchObject({
        exitCode: 0,
        from: former,
        renamed: { name: 'sales', memberId: portal.memberId },
        warnings: [expect.stringContaining(`routing keys change from ${former}.# to sales.#`)],
      });
      await until('the log line', () => said().length > 0);
      expect(said()).toMatchObject([{ portal: 'sales', former, memberId: portal.memberId }]);
      own.push(1, 1);
      await until('the event', () => own.delivered().has('1'));
      expect(own.received[0]).toMatchObject({ routingKey: 'sales.crm.deal.update' });
      expect(own.received[0]?.body).toMatchObject({
        portal: 'sales',
        pattern: 'sales.crm.deal.update',
      });
      const { body } = await system.get('/metrics');
      expect(body).toContain('bridge_portal_state{portal="sales",state="active"} 1');
      expect(body).not.toContain(`bridge_portal_state{portal="${former}"`);
      // Installed again, it keeps it.
      await install(system, portal);
      expect(own.row()).toMatchObject({ name: 'sales' });
    });
  });
});
