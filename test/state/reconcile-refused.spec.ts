import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/until.js';
import { DEAL, Reconciling, SILENT, SOMEBODY } from './reconciling.js';

describe('a portal that has refused to show its objects', () => {
  let reconciling: Reconciling;
  afterEach(() => reconciling.system.close());

  it('is asked again when people want everything compared, and they are not told that it was before it is', async () => {
    reconciling = await Reconciling.open(50);
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
    await reconciling.call('POST', 'reconciliation/portals/acme/now');
    await system.bridge.logged('reconcile.unreadable');
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
