import { afterEach, describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, install, openBeforeInstall, portalRow, post } from '../support/before-install.js';

describe('an uninstallation', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('stops the rounds, forgets the tokens, keeps the ledger, and an installation goes on from there', async () => {
    system = await openBeforeInstall({ settings: { SETTLE_AFTER_MS: '600000', DRAIN_INTERVAL_MS: '200' } });
    await install(system);
    system.push(1, 5);
    await until('events', () => system.delivered().size === 5);
    const held = system.portal.rows().length;

    const { status } = await system.portal.uninstall(`${system.bridge.url}/bitrix24/events`);
    expect(status).toBe(200);
    const row = portalRow(system.bridge, system.portal.memberId);
    expect(row).toMatchObject({
      state: 'uninstalled',
      access_token: '',
      refresh_token: '',
      application_token: null,
    });
    await until('the state in the metrics', async () =>
      (await system.get('/metrics')).body.includes(
        'bridge_portal_state{portal="acme",state="uninstalled"} 1',
      ),
    );
    // Several intervals without a single call.
    const { requests } = system.portal.counters;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(system.portal.counters.requests - requests).toBeLessThanOrEqual(1);
    expect(deliveries(system)).toBe(5);
    expect(system.portal.rows()).toHaveLength(held);

    expect(await install(system)).toBe(200);
    system.push(6, 8);
    await until('events of the new installation', () => system.delivered().size === 8);
    expect(portalRow(system.bridge, system.portal.memberId)).toMatchObject({
      name: 'acme',
      state: 'active',
      application_token: system.portal.applicationToken,
    });
  });

  it('and a new installation later, old failures mark what is still held, and destroy nothing of what is gone', async () => {
    system = await openBeforeInstall({
      settings: {
        SETTLE_AFTER_MS: '600000',
        DRAIN_INTERVAL_MS: '200',
        FAILURE_BATCH_WAIT_MS: '0',
        RETRY_BASE_DELAY_MS: '300',
        RETRY_MAX_DELAY_MS: '300',
      },
      onEvent: (event, downstream) => {
        if (event.attempt > 1) downstream.reply({ status: 'processed' }, event);
        downstream.channel.ack(event.message);
      },
    });
    const { bridge, downstream, portal } = system;
    await install(system);
    system.push(1, 6);
    await until('events', () => system.delivered().size === 6);
    const old = downstream.received.slice();
    await portal.uninstall(`${bridge.url}/bitrix24/events`);
    // The first half does not live to see the application come back.
    for (const row of portal.rows()) {
      if (!['1', '2', '3'].includes((row.EVENT_DATA as { FIELDS: { ID: string } }).FIELDS.ID)) continue;
      portal.queue.clear({ process_id: row.PROCESS_ID, id: [String(row.ID)] });
    }
    expect(portal.rows()).toHaveLength(3);
    expect(await install(system)).toBe(200);
    system.push(1, 6);
    await until('newer changes', () => downstream.received.length === 12);
    for (const event of old) downstream.reply({ status: 'failed', reason: 'of long ago' }, event);
    const retried = () => downstream.received.filter((event) => event.attempt === 2);
    await until('a retry of each', () => new Set(retried().map((event) => event.id)).size === 6);
    for (const event of downstream.received.slice(6, 12)) downstream.reply({ status: 'processed' }, event);
    await until('an empty queue', () => portal.rows().length === 0);
    expect(new Set(retried().map((event) => event.id))).toEqual(new Set(old.map((event) => event.id)));
    expect(portal.queue.marks).toBe(3);
  });

  it('stays one when the service starts again', async () => {
    system = await openBeforeInstall();
    await install(system);
    await system.portal.uninstall(`${system.bridge.url}/bitrix24/install`);
    expect(await system.bridge.stop()).toBe(0);
    const { requests } = system.portal.counters;
    system.bridge.start();
    await system.bridge.logged('http.listening');
    await until('readiness', async () => (await system.get('/health/ready')).status === 200);
    expect((await system.get('/metrics')).body).toContain(
      'bridge_portal_state{portal="acme",state="uninstalled"} 1',
    );
    expect(system.portal.counters.requests).toBe(requests);
  });

  it('is believed of nobody but the portal itself', async () => {
    system = await openBeforeInstall();
    await install(system);
    const other = system.emulator.addPortal({ name: 'bravo' });
    await install(system, other);
    const attempts = [
      { ...authOf(system.portal), application_token: 'f'.repeat(32) },
      // The genuine token of another portal.
      { ...authOf(system.portal), application_token: other.applicationToken },
      { ...authOf(system.portal), member_id: 'd'.repeat(32) },
    ];
    for (const auth of attempts) {
      const { status } = await post(system.bridge, '/bitrix24/events', { event: 'ONAPPUNINSTALL', auth });
      expect(status).toBe(403);
    }
    expect(portalRow(system.bridge, system.portal.memberId)).toMatchObject({ state: 'active' });
    expect(portalRow(system.bridge, other.memberId)).toMatchObject({ state: 'active' });
    system.push(1, 2);
    await until('events all the same', () => system.delivered().size === 2);
    const refused = system.bridge.lines.filter((line) => line.message?.event === 'notification.refused');
    expect(refused.map((line) => line.message['reason'])).toEqual([
      'wrong application token',
      'wrong application token',
      'unknown portal',
    ]);
  });
});

function deliveries(system: TestSystem): number {
  const file = new Libsql(system.bridge.databaseFile, { readonly: true });
  try {
    const row = file.prepare('select count(*) as count from deliveries').get() as { count: number };
    return row.count;
  } finally {
    file.close();
  }
}
