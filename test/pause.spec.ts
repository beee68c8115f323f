import { afterEach, describe, expect, it } from '@jest/globals';
import { json, run } from './cli/in-process.js';
import { openBeforeInstall } from './support/before-install.js';
import { OwnPortal } from './support/own-portal.js';
import { type TestSystem, type TestSystemOptions } from './support/test-system.js';
import { until } from './support/until.js';

interface Listed {
  readonly portals: readonly {
    readonly name: string;
    readonly state: string;
    readonly paused: { readonly by: string; readonly reason: string | null } | null;
  }[];
}

const QUIET_MS = 4000;

/** A pause by hand keeps a portal from reserving anything new, and finishes what is in hand. */
describe('a portal that is paused', () => {
  let system: TestSystem;
  /** The portal whose first deliveries the consumer leaves unanswered. */
  let holding: OwnPortal | null = null;
  const OPTIONS = {
    settings: {
      RETRY_BASE_DELAY_MS: '1000',
      RETRY_MAX_DELAY_MS: '1000',
      SETTLE_MODE: 'ack',
      SETTLE_AFTER_MS: '60000',
    },
    onEvent: (event, downstream) => {
      const held = holding?.portal.memberId === event.body['memberid'];
      if (held && Number(event.objectId) <= 5 && event.attempt === 1) return;
      downstream.replyAndAcknowledge({ status: 'processed' }, event);
    },
  } satisfies TestSystemOptions;
  afterEach(() => system?.close());

  const pending = ({ portal }: OwnPortal) =>
    portal.rows().filter(({ PROCESS_ID }) => PROCESS_ID === '').length;
  const quiet = () => new Promise((resolve) => setTimeout(resolve, QUIET_MS));

  it('reserves nothing, finishes what is in hand, over a kill and a restart; resumed, it delivers everything', async () => {
    const killed = await openBeforeInstall({ ...OPTIONS, process: true });
    system = killed;
    const own = await OwnPortal.installed(system);
    holding = own;
    own.push(1, 10);
    await until('events in hand', () => own.received.length === 10);
    const { bridge } = killed;
    const { portal } = own;
    expect(
      await json(bridge, ['portals', 'pause', portal.name, '--reason', 'the ERP is rebuilt']),
    ).toMatchObject({
      exitCode: 0,
      again: false,
    });
    expect((await bridge.logged('portal.paused')).message).toMatchObject({ reason: 'the ERP is rebuilt' });

    // Newer changes of objects that are in hand, and other objects.
    own.push(1, 3);
    own.push(101, 150);
    // What is in hand fails after the pause: it is retried from the ledger, and no mark deletes a newer change.
    for (const event of own.received.filter(({ objectId }) => Number(objectId) <= 5)) {
      system.downstream.replyAndAcknowledge({ status: 'failed', reason: 'not now' }, event);
    }
    const retried = () => own.received.filter(({ attempt }) => attempt === 2).length;
    await until('retries from the ledger', () => retried() === 5);
    await until('what is in hand to leave the portal', () => portal.rows().length === 53);
    await quiet();
    expect(pending(own)).toBe(53);
    expect(own.delivered().size).toBe(10);
    expect(portal.counters.perMethod['event.offline.error'] ?? 0).toBe(0);

    expect((await system.get('/health/ready')).status).toBe(200);
    expect((await system.get('/metrics')).body).toContain(`bridge_portal_paused{portal="${portal.name}"} 1`);
    const { portals } = await json<Listed>(bridge, ['portals', 'list']);
    expect(portals.find(({ name }) => name === portal.name)).toMatchObject({
      state: 'active',
      paused: { reason: 'the ERP is rebuilt' },
    });
    expect((await run(bridge, ['portals', 'list'])).stdout).toMatch(
      new RegExp(`${portal.name} .*active, paused .*the ERP is rebuilt`),
    );

    await bridge.stop('SIGKILL');
    bridge.start();
    await bridge.logged('replies.consuming');
    await until('it to be said again', async () =>
      (await system.get('/metrics')).body.includes(`bridge_portal_paused{portal="${portal.name}"} 1`),
    );
    await quiet();
    expect(pending(own)).toBe(53);

    holding = null;
    const resumed = await json(bridge, ['portals', 'resume', portal.name]);
    expect(resumed).toMatchObject({ exitCode: 0, endedPause: true, endedState: null });
    await until('every change', () => own.delivered().size === 60 && portal.rows().length === 0, 60_000);
    expect(own.received.filter(({ objectId }) => Number(objectId) <= 3)).toHaveLength(9);
    await until('the metrics to say it', async () =>
      (await system.get('/metrics')).body.includes(`bridge_portal_paused{portal="${portal.name}"} 0`),
    );
    expect(await run(bridge, ['portals', 'resume', portal.name])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('neither paused nor stopped'),
    });
  }, 180_000);

  it('without reservations it takes nothing more either', async () => {
    system = await openBeforeInstall(OPTIONS);
    const own = await OwnPortal.installed(system, { extended: false });
    const { portal } = own;
    own.push(1, 3);
    await until('the first', () => own.delivered().size === 3 && portal.rows().length === 0);
    await run(system.bridge, ['portals', 'pause', portal.name]);
    await until('it to be known', () => own.lines('portal.paused').length > 0);
    own.push(4, 9);
    await quiet();
    expect(pending(own)).toBe(6);
    await run(system.bridge, ['portals', 'resume', portal.name]);
    await until('the others', () => own.delivered().size === 9 && portal.rows().length === 0);
  }, 180_000);
});
