import { afterEach, describe, expect, it } from '@jest/globals';
import { json, run } from '../cli/command-line.js';
import { until } from '../support/until.js';
import { Visitor } from '../support/visitor.js';
import { DEAL, Reconciling, SILENT, SOMEBODY } from './reconciling.js';

const YEAR_S = 365 * 86_400;
const HOUR_MS = 3_600_000;
const PASSWORD = 'a password of the test';

describe('changes that no event has announced', () => {
  let reconciling: Reconciling;
  afterEach(() => reconciling.system.close());

  it('are found among all that there is also where a look takes longer than the time between two looks', async () => {
    reconciling = await Reconciling.open(100, {
      portal: { serviceTimePerPageMs: 1500 },
      settings: { RECONCILE_EVERY_MS: '1000' },
    });
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
      reconciling = await Reconciling.open(300, { portal, portalAheadMs });
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
      expect(update?.routingKey).toBe('acme.crm.deal.update');
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
    reconciling = await Reconciling.open(1000);
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
      ({ body }) => body['origin'] === undefined,
    );
    expect(ordinary.map(({ objectId }) => Number(objectId)).sort()).toEqual(
      [first + 1, first + 3, again].sort(),
    );
  });

  it('say why, likely: bindings were missing, the application wrote itself; command line, dashboard and metrics tell of them', async () => {
    reconciling = await Reconciling.open(50, { settings: { DASHBOARD_PASSWORD: PASSWORD } });
    const { system, first } = reconciling;
    const { objects } = system.portal;
    await reconciling.pass(600_000);
    system.portal.unbindAll();
    objects.update(DEAL, first + 1, {}, {}, SOMEBODY);
    // The bindings are looked at again within ten minutes.
    await reconciling.pass(900_000);
    await until('bindings', () => system.portal.bindings().length >= 3);
    await reconciling.pass(60_000);
    const own = { clientId: system.emulator.clientId, userId: 1, connector: '' };
    objects.update(DEAL, first + 2, {}, {}, own);
    await reconciling.pass(120_000);
    await reconciling.compare();
    const causes = Object.fromEntries(
      (await reconciling.missed()).map(({ subject, cause }) => [subject, cause]),
    );
    expect(causes).toEqual({
      [`crm.deal/${first + 1}`]: 'bindings_missing',
      [`crm.deal/${first + 2}`]: 'own_write',
    });
    const report = await run(system.bridge, ['reconcile', 'report', 'acme', '--lang', 'en']);
    expect(report.stdout).toMatch(/acme +crm\.deal +50 /);
    expect(report.stdout).toMatch(new RegExp(`crm\\.deal/${first + 1} +update +bindings were missing`));
    expect(await json(system.bridge, ['reconcile', 'now'])).toMatchObject({ exitCode: 0, asked: ['acme'] });
    const person = new Visitor(system.bridge.url);
    await person.logIn(PASSWORD);
    expect((await person.get('/portals/acme')).body).toContain('href="/portals/acme/missed"');
    const shown = (await person.get('/portals/acme/missed')).body;
    expect(shown).toContain(`crm.deal/${first + 1}</a>`);
    expect(shown).toContain('bindings were missing');
    expect((await person.post('/portals/acme/missed/now')).status).toBe(303);
    expect((await person.get('/portals/acme/missed?before=2')).body).not.toContain(
      `crm.deal/${first + 2}</a>`,
    );
    const metrics = (await system.get('/metrics')).body;
    expect(metrics).toContain('bridge_changes_missed_total{portal="acme",change="update"} 2');
    expect(metrics).toContain('bridge_changes_missed_total{portal="acme",change="delete"} 0');
  });
});
