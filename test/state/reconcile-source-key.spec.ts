import { afterEach, describe, expect, it } from '@jest/globals';
import { linesOf } from '../support/before-install.js';
import { until } from '../support/until.js';
import { DEAL, Reconciling, SILENT, SOMEBODY } from './reconciling.js';

describe('changes that no event has announced, over a change of the source key', () => {
  let reconciling: Reconciling;
  afterEach(() => reconciling.system.close());

  it('are found once, and what still stands in the queue of the former key is not taken for one', async () => {
    reconciling = await Reconciling.open(400, { settings: { DRAIN_LIMIT: '20' } });
    const { system, portal, first } = reconciling;
    const { objects } = portal;
    const bound = (key: string) => portal.bindings().filter(({ connector }) => connector === key).length;
    expect(await system.bridge.stop()).toBe(0);
    // Announced under the former key, and nobody has read it when the service comes with another one.
    for (let id = first; id < first + 100; id += 1) objects.update(DEAL, id, {}, {}, SOMEBODY);
    objects.delete(DEAL, first + 201, {}, SOMEBODY);
    objects.update(DEAL, first + 300, {}, SILENT, SOMEBODY);
    objects.delete(DEAL, first + 301, SILENT, SOMEBODY);
    // Under the former key, rounds take long.
    portal.setLimits({ serviceTimeMs: 300 });
    await reconciling.startAgain({ B24_AUTH_CONNECTOR: 'erp' });
    await until('new bindings', () => bound('erp') === 3);
    await reconciling.pass(61_000);
    expect(portal.rows().some(({ CONNECTOR_ID }) => CONNECTOR_ID === '')).toBe(true);
    await reconciling.compare();
    portal.setLimits({ serviceTimeMs: 0 });
    await until('the former queue to be empty', () => portal.rows().length === 0, 60_000);
    await reconciling.compare();
    const wanted = [`ONCRMDEALDELETE crm.deal/${first + 301}`, `ONCRMDEALUPDATE crm.deal/${first + 300}`];
    await reconciling.tells(wanted);

    // The former key is forgotten: the queue under the present one alone tells.
    await until('the former bindings to be gone', () => bound('') === 0);
    await reconciling.pass(61_000);
    await until('it to be forgotten', () => linesOf(system.bridge, 'source_key.finished').length === 1);
    objects.update(DEAL, first + 310, {}, SILENT, SOMEBODY);
    objects.update(DEAL, first + 311, {}, {}, SOMEBODY);
    const added = objects.add(DEAL, {}, SILENT, SOMEBODY);
    await reconciling.compare();
    await reconciling.compare();
    await reconciling.tells([
      ...wanted,
      `ONCRMDEALUPDATE crm.deal/${first + 310}`,
      `ONCRMDEALADD crm.deal/${added.id}`,
    ]);
  }, 180_000);
});
