import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { json, run } from '../cli/in-process.js';
import { linesOf } from '../support/before-install.js';
import { until } from '../support/until.js';
import { Visitor } from '../support/visitor.js';
import { DEAL, type Reconciling, ReconcilingService, SILENT, SOMEBODY } from './reconciling.js';

const YEAR_S = 365 * 86_400;
const HOUR_MS = 3_600_000;
const PASSWORD = 'a password of the test';

let service: ReconcilingService;
beforeAll(async () => {
  service = await ReconcilingService.open({ settings: { DASHBOARD_PASSWORD: PASSWORD } });
}, 60_000);
afterAll(() => service.system.close());

let reconciling: Reconciling;
/** Where a test has one of its own. */
let own: ReconcilingService | null = null;
afterEach(async () => {
  await reconciling.leave();
  await own?.system.close();
  own = null;
});

describe('changes that no event has announced', () => {
  // The first of the service's portals: what is missed is numbered over all of them.
  it('say why, likely: bindings were missing, the application wrote itself; command line, dashboard and metrics tell of them', async () => {
    reconciling = await service.portal(50);
    const { system, portal, first } = reconciling;
    const { name, objects } = portal;
    await reconciling.pass(600_000);
    portal.unbindAll();
    objects.update(DEAL, first + 1, {}, {}, SOMEBODY);
    // The bindings are looked at again within ten minutes.
    await reconciling.pass(900_000);
    await until('bindings', () => portal.bindings().length >= 3);
    await reconciling.pass(60_000);
    const itself = { clientId: system.emulator.clientId, userId: 1, connector: '' };
    objects.update(DEAL, first + 2, {}, {}, itself);
    await reconciling.pass(120_000);
    await reconciling.compare();
    const causes = Object.fromEntries(
      (await reconciling.missed()).map(({ subject, cause }) => [subject, cause]),
    );
    expect(causes).toEqual({
      [`crm.deal/${first + 1}`]: 'bindings_missing',
      [`crm.deal/${first + 2}`]: 'own_write',
    });
    const report = await run(system.bridge, ['reconcile', 'report', name, '--lang', 'en']);
    expect(report.stdout).toMatch(new RegExp(`${name} +crm\\.deal +50 `));
    expect(report.stdout).toMatch(new RegExp(`crm\\.deal/${first + 1} +update +bindings were missing`));
    expect(await json(system.bridge, ['reconcile', 'now'])).toMatchObject({ exitCode: 0, asked: [name] });
    const person = new Visitor(system.bridge.url);
    await person.logIn(PASSWORD);
    expect((await person.get(`/portals/${name}`)).body).toContain(`href="/portals/${name}/missed"`);
    const shown = (await person.get(`/portals/${name}/missed`)).body;
    expect(shown).toContain(`crm.deal/${first + 1}</a>`);
    expect(shown).toContain('bindings were missing');
    expect((await person.post(`/portals/${name}/missed/now`)).status).toBe(303);
    expect((await person.get(`/portals/${name}/missed?before=2`)).body).not.toContain(
      `crm.deal/${first + 2}</a>`,
    );
    const metrics = (await system.get('/metrics')).body;
    expect(metrics).toContain(`bridge_changes_missed_total{portal="${name}",change="update"} 2`);
    expect(metrics).toContain(`bridge_changes_missed_total{portal="${name}",change="delete"} 0`);
  });

  it('are found among all that there is also where a look takes longer than the time between two looks', async () => {
    own = await ReconcilingService.open({ settings: { RECONCILE_EVERY_MS: '1000' } });
    reconciling = await own.portal(100, { serviceTimePerPageMs: 1500 });
    const { objects } = reconciling.portal;
    objects.delete(DEAL, reconciling.first + 5, SILENT, SOMEBODY);
    await reconciling.compare();
    await reconciling.tells([`ONCRMDEALDELETE crm.deal/${reconciling.first + 5}`]);
  }, 120_000);

  it.each([
    ['a portal', {}, 0],
    [
      'a portal whose clock is off, and that reads dates in another offset',
      { utcOffset: '+03:00', filterOffset: '-05:00' },
      -5 * HOUR_MS,
    ],
    ['a plan without reservations', { extended: false }, 0],
  ])(
    'are found, whatever they are, and told once under the ordinary key: %s',
    async (_what, portal, portalAheadMs) => {
      if (portalAheadMs !== 0) own = await ReconcilingService.open({ portalAheadMs });
      reconciling = await (own ?? service).portal(300, portal);
      const { objects } = reconciling.portal;
      const { first } = reconciling;
      const [updated, removed, backdated, hidden] = [first + 10, first + 20, first + 30, first + 40];
      objects.update(DEAL, updated, {}, SILENT, SOMEBODY);
      const added = objects.add(DEAL, { title: 'imported' }, SILENT, SOMEBODY);
      objects.delete(DEAL, removed, SILENT, SOMEBODY);
      const old = { ...SILENT, updatedAt: reconciling.now() - YEAR_S };
      const imported = objects.add(DEAL, {}, old, SOMEBODY);
      objects.update(DEAL, backdated, {}, old, SOMEBODY);
      // Nobody may read it any more, and it is there.
      objects.setReadable(DEAL, [hidden], false);
      // These are announced.
      objects.update(DEAL, first + 50, {}, {}, SOMEBODY);
      objects.delete(DEAL, first + 60, {}, SOMEBODY);
      objects.add(DEAL, {}, { updatedAt: reconciling.now() - YEAR_S }, SOMEBODY);
      const wanted = [
        `ONCRMDEALADD crm.deal/${added.id}`,
        `ONCRMDEALADD crm.deal/${imported.id}`,
        `ONCRMDEALDELETE crm.deal/${removed}`,
        `ONCRMDEALUPDATE crm.deal/${backdated}`,
        `ONCRMDEALUPDATE crm.deal/${updated}`,
      ];
      await reconciling.compare();
      await reconciling.tells(wanted);
      // It is there again, as it was.
      objects.setReadable(DEAL, [hidden], true);
      await reconciling.compare();
      await reconciling.compare();
      await reconciling.tells(wanted);
      const update = reconciling.received.find(({ body }) => body['subject'] === `crm.deal/${updated}`);
      expect(update?.routingKey).toBe(`${reconciling.portal.name}.crm.deal.update`);
      expect(update?.body['data']).toMatchObject({
        event: 'ONCRMDEALUPDATE',
        data: { FIELDS: { ID: String(updated) } },
        userId: '7',
      });
      const missed = await reconciling.missed();
      expect(missed.map(({ eventId }) => eventId).sort()).toEqual(
        reconciling.received.map(({ id }) => id).sort(),
      );
      expect(new Set(missed.map(({ cause }) => cause))).toEqual(new Set(['unknown']));
    },
  );

  it('are found of a mass update of hundreds in one second, and of an object that changes again meanwhile', async () => {
    reconciling = await service.portal(1000);
    const { objects } = reconciling.portal;
    const { first } = reconciling;
    const ids = Array.from({ length: 200 }, (_, index) => first + 100 + index * 2);
    objects.updateMany(DEAL, ids, {}, SILENT);
    // The same second, and announced.
    objects.updateMany(DEAL, [first + 1, first + 3], {}, {});
    await reconciling.compare();
    await reconciling.tells(ids.map((id) => `ONCRMDEALUPDATE crm.deal/${id}`));

    const [again = 0, still = 0] = ids;
    // One is announced after it was found, the other changes without an event once more.
    objects.update(DEAL, again, {}, {}, SOMEBODY);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    objects.update(DEAL, still, {}, SILENT, SOMEBODY);
    await reconciling.compare();
    await reconciling.tells([...ids, still].map((id) => `ONCRMDEALUPDATE crm.deal/${id}`));
    const ordinary = reconciling.system.downstream.received.filter(
      ({ body }) => body['origin'] === undefined && body['memberid'] === reconciling.portal.memberId,
    );
    expect(ordinary.map(({ objectId }) => Number(objectId)).sort()).toEqual(
      [first + 1, first + 3, again].sort(),
    );
  });
});

describe('a portal that has refused to show its objects', () => {
  it('is asked again when people want everything compared, and they are not told that it was before it is', async () => {
    reconciling = await service.portal(50);
    const { system, portal, first } = reconciling;
    portal.objects.update(DEAL, first + 1, {}, SILENT, SOMEBODY);
    const refusal = portal.inject({
      method: 'crm.item.list',
      kind: 'error',
      status: 403,
      error: 'ACCESS_DENIED',
      times: Infinity,
    });
    const before = await reconciling.type();
    await reconciling.call('POST', `reconciliation/portals/${portal.name}/now`);
    await until('the refusal', () =>
      linesOf(system.bridge, 'reconcile.unreadable').some(({ message }) => message['portal'] === portal.name),
    );
    expect((await reconciling.type()).trouble).toContain('ACCESS_DENIED');
    refusal.remove();
    // Five minutes later it would be asked by itself.
    await reconciling.compare();
    expect((await reconciling.type()).lookedAt).not.toBe(before.lookedAt);
    expect((await reconciling.type()).trouble).toBeNull();
    await reconciling.tells([`ONCRMDEALUPDATE crm.deal/${first + 1}`]);
    await until('an empty queue', () => portal.rows().length === 0);
  }, 120_000);
});
