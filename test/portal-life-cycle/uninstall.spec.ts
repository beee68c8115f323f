import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, install, linesOf, openBeforeInstall, post } from '../support/before-install.js';

describe('an uninstallation', () => {
  let system: TestSystem;
  let own: OwnPortal;
  beforeAll(async () => {
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
  });
  afterAll(() => system.close());
  beforeEach(async () => {
    own = await OwnPortal.installed(system);
  });
  afterEach(() => own.leave());

  it('stops the rounds, forgets the tokens, keeps the ledger, and an installation goes on from there', async () => {
    const { portal } = own;
    own.push(1, 5);
    await until('events', () => own.delivered().size === 5);
    const held = portal.rows().length;

    const { status } = await portal.uninstall(`${system.bridge.url}/bitrix24/events`);
    expect(status).toBe(200);
    expect(own.row()).toMatchObject({
      state: 'uninstalled',
      access_token: '',
      refresh_token: '',
      application_token: null,
    });
    await until('the state in the metrics', async () =>
      (await system.get('/metrics')).body.includes(
        `bridge_portal_state{portal="${portal.name}",state="uninstalled"} 1`,
      ),
    );
    // Several intervals without a single call.
    const { requests } = portal.counters;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(portal.counters.requests - requests).toBeLessThanOrEqual(1);
    expect(deliveries(own)).toBe(5);
    expect(portal.rows()).toHaveLength(held);

    expect(await install(system, portal)).toBe(200);
    own.push(6, 8);
    await until('events of the new installation', () => own.delivered().size === 8);
    expect(own.row()).toMatchObject({
      name: portal.name,
      state: 'active',
      application_token: portal.applicationToken,
    });
  });

  it('and a new installation later, old failures mark what is still held, and destroy nothing of what is gone', async () => {
    const { portal } = own;
    const { bridge, downstream } = system;
    own.push(1, 6);
    await until('events', () => own.delivered().size === 6);
    const old = own.received;
    await portal.uninstall(`${bridge.url}/bitrix24/events`);
    // The first half does not live to see the application come back.
    for (const row of portal.rows()) {
      if (!['1', '2', '3'].includes((row.EVENT_DATA as { FIELDS: { ID: string } }).FIELDS.ID)) continue;
      portal.queue.clear({ process_id: row.PROCESS_ID, id: [String(row.ID)] });
    }
    expect(portal.rows()).toHaveLength(3);
    expect(await install(system, portal)).toBe(200);
    own.push(1, 6);
    await until('newer changes', () => own.received.length === 12);
    for (const event of old) downstream.reply({ status: 'failed', reason: 'of long ago' }, event);
    const retried = () => own.received.filter((event) => event.attempt === 2);
    await until('a retry of each', () => new Set(retried().map((event) => event.id)).size === 6);
    for (const event of own.received.slice(6, 12)) downstream.reply({ status: 'processed' }, event);
    await until('an empty queue', () => portal.rows().length === 0);
    expect(new Set(retried().map((event) => event.id))).toEqual(new Set(old.map((event) => event.id)));
    expect(portal.queue.marks).toBe(3);
  });

  it('stays one when the service starts again', async () => {
    const { portal } = own;
    await portal.uninstall(`${system.bridge.url}/bitrix24/install`);
    expect(await system.bridge.stop()).toBe(0);
    const { requests } = portal.counters;
    system.bridge.start();
    await system.ready();
    expect((await system.get('/metrics')).body).toContain(
      `bridge_portal_state{portal="${portal.name}",state="uninstalled"} 1`,
    );
    expect(portal.counters.requests).toBe(requests);
  });

  it('is believed of nobody but the portal itself', async () => {
    const other = await OwnPortal.installed(system);
    const refusals = () => linesOf(system.bridge, 'notification.refused');
    const before = refusals().length;
    const attempts = [
      { ...authOf(own.portal), application_token: 'f'.repeat(32) },
      // The genuine token of another portal.
      { ...authOf(own.portal), application_token: other.portal.applicationToken },
      { ...authOf(own.portal), member_id: 'd'.repeat(32) },
    ];
    for (const auth of attempts) {
      const { status } = await post(system.bridge, '/bitrix24/events', { event: 'ONAPPUNINSTALL', auth });
      expect(status).toBe(403);
    }
    expect(own.state).toBe('active');
    expect(other.state).toBe('active');
    own.push(1, 2);
    await until('events all the same', () => own.delivered().size === 2);
    const refused = refusals().slice(before);
    expect(refused.map((line) => line.message['reason'])).toEqual([
      'wrong application token',
      'wrong application token',
      'unknown portal',
    ]);
  });
});

function deliveries({ system, portal }: OwnPortal): number {
  const file = new Libsql(system.bridge.databaseFile, { readonly: true });
  try {
    const count = file.prepare('select count(*) as count from deliveries where member_id = ?');
    return (count.get(portal.memberId) as { count: number }).count;
  } finally {
    file.close();
  }
}
