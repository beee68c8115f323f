import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ObjectLoad } from '../../emulator/index.js';
import { linesOf } from '../support/before-install.js';
import { until } from '../support/until.js';
import { inForm } from '../support/form.js';
import { DEAL, type Reconciling, ReconcilingService } from './reconciling.js';

const LOADED_MS = inForm({ full: 12_000, small: 6_000 });
const MISSED = inForm({ full: 900, small: 150 });
/** Changes a second: twice what is drained of them. */
const RATE = inForm({ full: 120, small: 60 });
const KILLED_AFTER_MS = inForm({ full: [300, 3200, 700, 1500], small: [300, 1500] });
const OFTEN = { RECONCILE_EVERY_MS: '2000' };
const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ordinary traffic is never taken for something that was missed. */
describe('changes that events announce', () => {
  let service: ReconcilingService;
  let reconciling: Reconciling;
  /** The portal whose events fail now and then, and for as long as they do. */
  let failing: string | null = null;
  beforeAll(async () => {
    service = await ReconcilingService.open({
      settings: {
        DRAIN_LIMIT: String(RATE / 3),
        RETRY_BASE_DELAY_MS: '1000',
        RETRY_MAX_DELAY_MS: '1000',
        RETRY_MAX_ATTEMPTS: '50',
      },
      onEvent: (event, downstream) => {
        const fails = event.body['memberid'] === failing && Number(event.objectId) % 7 === 0;
        downstream.replyAndAcknowledge(
          fails ? { status: 'failed', reason: 'not now' } : { status: 'processed' },
          event,
        );
      },
    });
  });
  afterEach(() => reconciling.leave());
  afterAll(() => service.system.close());

  it('and what was missed is told once, wherever the service is killed', async () => {
    reconciling = await service.portal(MISSED * 4 + 400);
    const { objects } = reconciling.portal;
    const silent = { silent: true } as const;
    const wanted: string[] = [];
    for (let index = 0; index < MISSED; index += 1) {
      const id = reconciling.first + index * 4;
      if (index % 3 === 0) objects.update(DEAL, id, {}, silent);
      else if (index % 3 === 1) objects.delete(DEAL, id, silent);
      const added = index % 3 === 2 ? objects.add(DEAL, {}, silent).id : id;
      wanted.push(`ONCRMDEAL${['UPDATE', 'DELETE', 'ADD'][index % 3] ?? ''} crm.deal/${added}`);
    }
    await reconciling.call('POST', `reconciliation/portals/${reconciling.portal.name}/now`);
    for (const [index, afterMs] of KILLED_AFTER_MS.entries()) {
      await rest(afterMs);
      // The last one looks as often as the next test wants it.
      await reconciling.kill(index + 1 < KILLED_AFTER_MS.length ? {} : OFTEN);
      await rest(1000);
      await reconciling.pass(61_000);
    }
    await until('the first sweep', async () => (await reconciling.type()).sweptAt !== null);
    await reconciling.compare();
    await reconciling.compare();
    await until('what was missed', () => new Set(reconciling.told()).size >= wanted.length, 30_000);
    // The page in hand may come twice, under the same id.
    expect([...new Set(reconciling.told())].sort()).toEqual(wanted.sort());
    expect(new Set(reconciling.received.map(({ id }) => id)).size).toBe(wanted.length);
  });

  it('are not invented beside a backlog, of a slow portal, with failures and a pause', async () => {
    reconciling = await service.portal(inForm({ full: 2000, small: 800 }));
    failing = reconciling.portal.memberId;
    const { portal, system } = reconciling;
    // Unless the test before has started it so.
    if (system.bridge.settings['RECONCILE_EVERY_MS'] !== OFTEN.RECONCILE_EVERY_MS)
      await reconciling.kill(OFTEN);
    portal.setLimits({ serviceTimeMs: 400 });
    const load = new ObjectLoad(portal.objects, { ratePerSecond: RATE, entityTypeIds: [DEAL] });
    load.start();
    const began = performance.now();
    let paused = false;
    while (performance.now() - began < LOADED_MS) {
      await rest(1500);
      await reconciling.pass(61_000);
      if (!paused && performance.now() - began > LOADED_MS / 2) {
        paused = true;
        await reconciling.call('POST', `portals/${portal.name}/pause`);
        await rest(1000);
        await reconciling.call('POST', `portals/${portal.name}/resume`);
      }
    }
    load.stop();
    const { added, updated, deleted } = load.counts;
    expect(added + updated + deleted).toBeGreaterThan((LOADED_MS / 1000) * RATE * 0.54);
    // There was a backlog, and comparisons meanwhile.
    expect(portal.rows().length).toBeGreaterThan((LOADED_MS / 1000) * RATE * 0.2);
    portal.setLimits({ serviceTimeMs: 0 });
    failing = null;
    await until('an empty queue', () => portal.rows().length === 0, 60_000);
    await reconciling.compare();
    await reconciling.compare();
    expect(await reconciling.missed()).toEqual([]);
    expect(reconciling.told()).toEqual([]);
    expect((await reconciling.type()).objects).toBe(portal.objects.index(DEAL).size);
    // The portal of the test before may have left in the middle of a look.
    const failed = linesOf(system.bridge, 'reconcile.failed');
    expect(failed.filter(({ message }) => message['portal'] === portal.name)).toEqual([]);
  });
});
