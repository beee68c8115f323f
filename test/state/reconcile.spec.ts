import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmulatedPortal } from '../../emulator/index.js';
import { type Received } from '../support/downstream.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';

const DEAL = 2;
/** A person, and not the one for whom the application acts. */
const SOMEBODY = { clientId: null, userId: 7, connector: '' };
const OBJECTS = 300;
const STEP = 3;
const MINUTE = 60_000;
const HOUR_S = 3600;

/** The events of a system's portal that no row of its queue has announced. */
const reconciled = ({ downstream }: TestSystem): Received[] =>
  downstream.received.filter(({ body }) => body['origin'] === 'reconciled');

const told = (system: TestSystem) =>
  reconciled(system)
    .map(({ body }) => `${String(body['type'])} ${String(body['subject'])}`)
    .sort();

const SETTINGS = { RECONCILE: 'crm.deal', RECONCILE_EVERY_MS: '1000', SETTLE_AFTER_MS: '500' };

describe('changes that no event has announced', () => {
  let system: TestSystem;
  let portal: EmulatedPortal;
  /** How far the service's clock was set forward. */
  let forward = 0;
  let first = 0;
  const idOf = (index: number) => first + index * STEP;
  const now = () => Math.floor(Date.now() / 1000);

  /** Lets so much time pass that what is suspect was missed. */
  const waitOut = async (ms = 2 * MINUTE) => system.bridge.setClockForward((forward += ms));

  beforeAll(async () => {
    system = await TestSystem.prepare({
      settings: SETTINGS,
      movableClock: true,
      portal: { utcOffset: '+03:00', filterOffset: '-05:00' },
    });
    ({ portal } = system);
    ({ first } = portal.objects.seed(DEAL, { count: OBJECTS, step: STEP }));
    system.bridge.start();
    await system.bridge.logged('portal.installed');
    await system.downstream.start({});
    await system.bridge.logged('reconcile.learned');
  });
  afterAll(() => system.close());

  it('are found, whatever they are, and told once, under the ordinary key', async () => {
    const silent = { silent: true } as const;
    const [updated, removed, mended] = [idOf(10), idOf(20), idOf(30)];
    portal.objects.update(DEAL, updated, {}, silent, SOMEBODY);
    const added = portal.objects.add(DEAL, { title: 'imported' }, silent, SOMEBODY);
    portal.objects.delete(DEAL, removed, silent, SOMEBODY);
    // Only a sweep shows what has an old date.
    const old = { ...silent, updatedAt: now() - 400 * 86_400 };
    const imported = portal.objects.add(DEAL, {}, old, SOMEBODY);
    portal.objects.update(DEAL, mended, {}, old, SOMEBODY);
    const wanted = [
      `ONCRMDEALADD crm.deal/${added.id}`,
      `ONCRMDEALADD crm.deal/${imported.id}`,
      `ONCRMDEALDELETE crm.deal/${removed}`,
      `ONCRMDEALUPDATE crm.deal/${mended}`,
      `ONCRMDEALUPDATE crm.deal/${updated}`,
    ].sort();
    await waitOut(25 * HOUR_S * 1000);
    await system.bridge.logged('reconcile.swept');
    await waitOut();
    await until('what was withheld', () => told(system).length >= wanted.length, 30_000);
    await waitOut();
    await waitOut(25 * HOUR_S * 1000);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect(told(system)).toEqual(wanted);
    const update = reconciled(system).find(({ body }) => body['subject'] === `crm.deal/${updated}`);
    expect(update?.routingKey).toBe('acme.crm.deal.update');
    expect(update?.body['data']).toMatchObject({
      event: 'ONCRMDEALUPDATE',
      data: { FIELDS: { ID: String(updated) } },
      userId: '7',
    });
  });
});
