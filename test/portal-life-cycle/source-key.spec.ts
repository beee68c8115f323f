import { afterEach, describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { json } from '../cli/command-line.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { linesOf, portalRow } from '../support/before-install.js';

describe('the source key of a running installation changes', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  const bound = (key: string) =>
    system.portal
      .bindings()
      .filter(({ event, connector }) => event !== 'ONOFFLINEEVENT' && connector === key);
  const rows = (key: string) => system.portal.rows().filter((row) => row.CONNECTOR_ID === key);
  /** Changes as a portal records them: one row for each key under which the event is bound. */
  const change = (from: number, to: number) => {
    for (const key of new Set(system.portal.bindings().map(({ connector }) => connector)))
      for (let id = from; id <= to; id += 1) {
        const data = { FIELDS: { ID: String(id) } };
        system.portal.push({ event: 'ONCRMDEALUPDATE', data, userId: '1', connector: key });
      }
  };
  const restart = async (key: string, settings: Record<string, string> = {}) => {
    expect(await system.bridge.stop()).toBe(0);
    Object.assign(system.bridge.settings, settings, { B24_AUTH_CONNECTOR: key });
    system.bridge.start();
  };

  it('what is queued and held under the former one is finished under it, then it is forgotten', async () => {
    const failing = new Set<string>();
    system = await TestSystem.open({
      movableClock: true,
      settings: { SETTLE_AFTER_MS: '600000', DRAIN_LIMIT: '10', RETRY_BASE_DELAY_MS: '1000' },
      onEvent: (event, downstream) => {
        if (failing.delete(event.objectId))
          downstream.reply({ status: 'failed', reason: 'out of stock' }, event);
        downstream.channel.ack(event.message);
      },
    });
    failing.add('1').add('2');
    change(1, 12);
    await until('events', () => system.delivered().size === 12);
    await until('marked rows to be held again', () => rows('').filter((row) => row.ERROR === 1).length === 2);
    expect(await system.bridge.stop()).toBe(0);
    // Nobody drains: queued under the old key.
    change(13, 37);
    expect(rows('').filter((row) => row.PROCESS_ID === '').length).toBeGreaterThanOrEqual(25);
    expect(bound('')).toHaveLength(3);

    await restart('erp', { SETTLE_AFTER_MS: '1500' });
    await until('new bindings', () => bound('erp').length === 3);
    await until('the old bindings to be gone', () => bound('').length === 0);
    change(38, 40);
    expect(rows('').some(({ EVENT_DATA }) => JSON.stringify(EVENT_DATA).includes('"38"'))).toBe(false);
    await until('all events', () => system.delivered().size === 40);
    await until('no row under either key', () => system.portal.rows().length === 0, 30_000);
    expect(linesOf(system.bridge, 'source_key.changed').map(({ message }) => message)).toMatchObject([
      { from: '', to: 'erp' },
    ]);
    // No request from before the change can be at work any more.
    await system.bridge.setClockForward(61_000);
    await until('it to be forgotten', () => linesOf(system.bridge, 'source_key.finished').length === 1);
    expect(portalRow(system.bridge, system.portal.memberId)).toMatchObject({
      source_key: 'erp',
      former_source_keys: null,
    });
    expect(system.portal.counters.overlaps).toBe(0);
    // Nothing is asked under it any more.
    expect(system.bridge.lines.filter(({ message }) => message?.event === 'round.failed')).toEqual([]);
  }, 180_000);

  it('set, changed and set back, with rows of each', async () => {
    system = await TestSystem.open({ settings: { SETTLE_AFTER_MS: '600000' } });
    change(1, 3);
    await until('events', () => system.delivered().size === 3);
    await restart('erp');
    await until('bindings', () => bound('erp').length === 3 && bound('').length === 0);
    change(4, 6);
    await until('events', () => system.delivered().size === 6);
    await restart('crm');
    await until('bindings', () => bound('crm').length === 3 && bound('erp').length === 0);
    change(7, 9);
    await until('events', () => system.delivered().size === 9);
    expect(['', 'erp', 'crm'].map((key) => rows(key).length)).toEqual([3, 3, 3]);
    await restart('', { SETTLE_AFTER_MS: '1000' });
    await until('bindings', () => bound('').length === 3 && bound('crm').length === 0);
    change(10, 12);
    await until('events', () => system.delivered().size === 12);
    await until('no row', () => system.portal.rows().length === 0, 30_000);
  });

  it('is one that the plan does not allow: the former one is drained on, its bindings stay', async () => {
    system = await TestSystem.open({ portal: { connector: false } });
    await restart('erp', { PORTAL_RECHECK_MS: '1000' });
    await system.bridge.logged('portal.state');
    change(1, 3);
    await until('events', () => system.delivered().size === 3);
    expect(bound('')).toHaveLength(3);
    system.portal.setFeatures({ connector: true });
    await until('bindings', () => bound('erp').length === 3 && bound('').length === 0);
    change(4, 6);
    await until('more events', () => system.delivered().size === 6);
  });

  it('is taken out as the plan ceases to allow it: what is left waits for the plan, and nothing else does', async () => {
    system = await TestSystem.open({ settings: { B24_AUTH_CONNECTOR: 'erp', SETTLE_AFTER_MS: '600000' } });
    change(1, 3);
    await until('events', () => system.delivered().size === 3);
    expect(await system.bridge.stop()).toBe(0);
    change(4, 5);
    system.portal.setFeatures({ connector: false });
    await restart('', { SETTLE_AFTER_MS: '1000', PORTAL_RECHECK_MS: '1000' });
    await until('bindings', () => bound('').length === 3);
    system.portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: '6' } } });
    await until('the event of today', () => system.delivered().has('6'));
    await until('it to be settled', () => rows('').length === 0);
    expect(rows('erp')).toHaveLength(5);
    expect(portalRow(system.bridge, system.portal.memberId)).toMatchObject({ state: 'active' });
    const formerKey = async () => {
      const { findings } = await json<{ findings: { subject: string }[] }>(system.bridge, [
        ...['portals', 'check', 'acme'],
      ]);
      return findings.find(({ subject }) => subject === 'former key');
    };
    expect(await formerKey()).toMatchObject({
      verdict: 'wrong',
      text: expect.stringMatching(/source key erp cannot be finished .*WRONG_LICENSE/),
    });
    system.portal.setFeatures({ connector: true });
    await until('what waited', () => system.delivered().size === 6, 15_000);
    await until('no row', () => system.portal.rows().length === 0, 30_000);
    expect(await formerKey()).toMatchObject({
      verdict: 'note',
      text: expect.stringContaining('0 rows are left under source key erp'),
    });
  }, 120_000);

  it('at the very start of the first version that remembers it', async () => {
    system = await TestSystem.open({ settings: { SETTLE_AFTER_MS: '600000' } });
    change(1, 10);
    await until('events', () => system.delivered().size === 10);
    expect(await system.bridge.stop()).toBe(0);
    change(11, 20);
    const file = new Libsql(system.bridge.databaseFile);
    file.exec('update portals set source_key = null');
    file.close();
    await restart('erp', { SETTLE_AFTER_MS: '1000' });
    await until('bindings', () => bound('erp').length === 3 && bound('').length === 0);
    await until('events', () => system.delivered().size === 20);
    await until('no row', () => system.portal.rows().length === 0, 30_000);
  });

  it.each(['request', 'command'] as const)(
    'a plan that gains the feature is bound at that round (the %s was refused)',
    async (connectorRefusal) => {
      system = await TestSystem.prepare({
        portal: { connector: false, connectorRefusal },
        settings: { B24_AUTH_CONNECTOR: 'erp', PORTAL_RECHECK_MS: '1000' },
      });
      system.bridge.start();
      await system.downstream.start();
      await system.bridge.logged('portal.state');
      await new Promise((resolve) => setTimeout(resolve, 2500));
      expect(bound('erp')).toEqual([]);
      system.portal.setFeatures({ connector: true });
      await until('bindings', () => bound('erp').length === 3, 5000);
      change(1, 2);
      await until('events', () => system.delivered().size === 2);
    },
  );
});
