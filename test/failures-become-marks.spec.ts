import { afterEach, describe, expect, it } from '@jest/globals';
import { type Emulator, startEmulator } from '../emulator/index.js';
import { BridgeProcess } from './support/bridge-process.js';
import { Downstream, type Received } from './support/downstream.js';
import { until } from './support/until.js';

const CHANGES = 150;
/** Of every portal: objects whose event is failed, each by another kind of reply. */
const FAILED_OBJECTS = Array.from({ length: 15 }, (_, index) => String(index * 10 + 7));

describe('failures reported downstream become marks on the portal', () => {
  let emulator: Emulator;
  let bridge: BridgeProcess;
  let downstream: Downstream;

  afterEach(async () => {
    await bridge.remove();
    await emulator.close();
    await downstream.remove();
    emulator.assertNothingDestroyed();
  });

  it('marks exactly the failed rows and clears all others, in a handful of calls', async () => {
    emulator = await startEmulator();
    const portals = ['acme', 'globex'].map((name) => emulator.addPortal({ name }));
    const grouped: Received[] = [];
    downstream = new Downstream((event, { channel, names }) => {
      const which = FAILED_OBJECTS.indexOf(event.objectId);
      if (which < 0 || event.attempt > 1) return channel.ack(event.message);
      switch (which % 4) {
        case 0:
          downstream.reply({ status: 'failed', reason: 'no such customer' }, event);
          return channel.ack(event.message);
        case 1:
          grouped.push(event);
          return channel.ack(event.message);
        case 2:
          downstream.reply({ err: { status: 'error', message: 'boom' }, isDisposed: true }, event);
          return channel.ack(event.message);
        default:
          expect(names.failures).toContain(downstream.prefix);
          return channel.nack(event.message, false, false);
      }
    });
    bridge = new BridgeProcess({
      AMQP_PREFIX: downstream.prefix,
      B24_OAUTH_URL: emulator.url,
      B24_CLIENT_ID: emulator.clientId,
      B24_CLIENT_SECRET: emulator.clientSecret,
      B24_ALLOW_HTTP: 'true',
      B24_DOMAIN: portals[0]!.domain,
      B24_REFRESH_TOKEN: portals[0]!.issueRefreshToken(),
      DRAIN_INTERVAL_MS: '500',
      // The groups are reported once every event of both portals is here; nothing may have settled by then.
      SETTLE_AFTER_MS: '10000',
      RETRY_BASE_DELAY_MS: '600000',
    });
    bridge.start();
    await bridge.logged('portal.installed');
    expect((await portals[1]!.install(`${bridge.url}/bitrix24/install`)).status).toBe(200);
    await downstream.start({ deadLetterTo: downstream.names.failures });
    await until('bindings', () => portals.every((portal) => portal.bindings().length === 3));

    for (const portal of portals) {
      for (let id = 1; id <= CHANGES; id += 1) {
        portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: String(id) } }, userId: '1' });
      }
    }
    await until(
      'every event',
      () => new Set(downstream.received.map((event) => event.id)).size >= 2 * CHANGES,
    );
    const byBatch = new Map<string, Received[]>();
    for (const event of grouped)
      byBatch.set(event.processId, [...(byBatch.get(event.processId) ?? []), event]);
    for (const [processId, events] of byBatch) {
      downstream.reply({
        portal: String(events[0]!.body['portal']),
        process_id: processId,
        message_id: events.map((event) => event.messageId),
        reason: 'grouped',
      });
    }

    await until('everything settled', () =>
      portals.every((portal) => portal.rows().length === FAILED_OBJECTS.length),
    );
    for (const portal of portals) {
      const rows = portal.rows();
      expect(rows.every((row) => row.ERROR === 1)).toBe(true);
      const ids = rows.map((row) => (row.EVENT_DATA as { FIELDS: { ID: string } }).FIELDS.ID);
      expect(ids.sort()).toEqual([...FAILED_OBJECTS].sort());
      expect(portal.counters.perMethod['event.offline.error']).toBeLessThanOrEqual(5);
      expect(portal.counters.refusals).toEqual({});
    }
    const keys = new Set(downstream.received.map((event) => event.routingKey));
    expect([...keys].sort()).toEqual(['acme.crm.deal.update', 'globex.crm.deal.update']);
    expect(await bridge.stop()).toBe(0);
  });
});
