import { afterEach, describe, expect, it } from '@jest/globals';
import { json, run } from './cli/in-process.js';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

interface Listed {
  readonly portals: readonly {
    readonly state: string;
    readonly paused: { readonly by: string; readonly reason: string | null } | null;
  }[];
}

const QUIET_MS = 4000;

/** A pause by hand keeps a portal from reserving anything new, and finishes what is in hand. */
describe('a portal that is paused', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  const pending = () => system.portal.rows().filter(({ PROCESS_ID }) => PROCESS_ID === '').length;
  const quiet = () => new Promise((resolve) => setTimeout(resolve, QUIET_MS));

  it('reserves nothing, finishes what is in hand, over a kill and a restart; resumed, it delivers everything', async () => {
    let holding = true;
    system = await TestSystem.open({
      settings: {
        RETRY_BASE_DELAY_MS: '1000',
        RETRY_MAX_DELAY_MS: '1000',
        SETTLE_MODE: 'ack',
        SETTLE_AFTER_MS: '60000',
      },
      onEvent: (event, downstream) => {
        if (holding && Number(event.objectId) <= 5 && event.attempt === 1) return;
        downstream.replyAndAcknowledge({ status: 'processed' }, event);
      },
    });
    system.push(1, 10);
    await until('events in hand', () => system.downstream.received.length === 10);
    const { bridge, portal } = system;
    expect(await json(bridge, ['portals', 'pause', 'acme', '--reason', 'the ERP is rebuilt'])).toMatchObject({
      exitCode: 0,
      again: false,
    });
    expect((await bridge.logged('portal.paused')).message).toMatchObject({ reason: 'the ERP is rebuilt' });

    // Newer changes of objects that are in hand, and other objects.
    system.push(1, 3);
    system.push(101, 150);
    // What is in hand fails after the pause: it is retried from the ledger, and no mark deletes a newer change.
    for (const event of system.downstream.received.filter(({ objectId }) => Number(objectId) <= 5)) {
      system.downstream.replyAndAcknowledge({ status: 'failed', reason: 'not now' }, event);
    }
    const retried = () => system.downstream.received.filter(({ attempt }) => attempt === 2).length;
    await until('retries from the ledger', () => retried() === 5);
    await until('what is in hand to leave the portal', () => portal.rows().length === 53);
    await quiet();
    expect(pending()).toBe(53);
    expect(system.delivered().size).toBe(10);
    expect(portal.counters.perMethod['event.offline.error'] ?? 0).toBe(0);

    expect((await system.get('/health/ready')).status).toBe(200);
    expect((await system.get('/metrics')).body).toContain('bridge_portal_paused{portal="acme"} 1');
    const { portals } = await json<Listed>(bridge, ['portals', 'list']);
    expect(portals[0]).toMatchObject({ state: 'active', paused: { reason: 'the ERP is rebuilt' } });
    expect((await run(bridge, ['portals', 'list'])).stdout).toMatch(/active, paused .*the ERP is rebuilt/);

    await bridge.stop('SIGKILL');
    bridge.start();
    await bridge.logged('replies.consuming');
    await until('it to be said again', async () =>
      (await system.get('/metrics')).body.includes('bridge_portal_paused{portal="acme"} 1'),
    );
    await quiet();
    expect(pending()).toBe(53);

    holding = false;
    const resumed = await json(bridge, ['portals', 'resume', 'acme']);
    expect(resumed).toMatchObject({ exitCode: 0, endedPause: true, endedState: null });
    await until('every change', () => system.delivered().size === 60 && portal.rows().length === 0, 60_000);
    expect(system.downstream.received.filter(({ objectId }) => Number(objectId) <= 3)).toHaveLength(9);
    await until('the metrics to say it', async () =>
      (await system.get('/metrics')).body.includes('bridge_portal_paused{portal="acme"} 0'),
    );
    expect(await run(bridge, ['portals', 'resume', 'acme'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('neither paused nor stopped'),
    });
  }, 180_000);

  it('without reservations it takes nothing more either', async () => {
    system = await TestSystem.open({ portal: { extended: false } });
    system.push(1, 3);
    await until('the first', () => system.delivered().size === 3 && system.portal.rows().length === 0);
    await run(system.bridge, ['portals', 'pause', 'acme']);
    await system.bridge.logged('portal.paused');
    system.push(4, 9);
    await quiet();
    expect(pending()).toBe(6);
    await run(system.bridge, ['portals', 'resume', 'acme']);
    await until('the others', () => system.delivered().size === 9 && system.portal.rows().length === 0);
  }, 180_000);
});
