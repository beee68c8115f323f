import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type EmulatedPortal, type Emulator } from './index.js';
import { type OfflineListedEvent } from './offline-calls.js';
import { PortalCaller, type OfflineGetAnswer } from './fixtures/portal-caller.js';
import { TestClock } from './fixtures/test-clock.js';

const DEAL = { FIELDS: { ID: '123' } };

describe('what a portal does to a careless application, over HTTP', () => {
  let clock: TestClock;
  let emulator: Emulator;
  let portal: EmulatedPortal;
  let rest: PortalCaller;

  beforeEach(async () => {
    clock = new TestClock();
    emulator = await startEmulator({ now: clock.now, accessTokenTtlSeconds: 400 * 24 * 3600 });
    portal = emulator.addPortal({ name: 'acme', burst: 1000 });
    rest = new PortalCaller(emulator, portal);
    portal.bind('ONCRMDEALUPDATE');
  });

  afterEach(() => emulator.close());

  const change = (id = '123'): void => {
    portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: id } } });
  };

  async function reserve(params: Record<string, unknown> = {}) {
    const { result } = await rest.call<OfflineGetAnswer>('event.offline.get', { clear: 0, ...params });
    return { processId: String(result.process_id), events: result.events };
  }

  const mark = (processId: string, ...messageIds: string[]) =>
    rest.call('event.offline.error', { process_id: processId, message_id: messageIds });

  it('1: a stale event.offline.error destroys a newer change, answers true, and the emulator names it', async () => {
    change();
    const { processId, events } = await reserve();
    const messageId = events[0]?.MESSAGE_ID ?? '';
    change();
    await rest.call('event.offline.clear', { process_id: processId, id: [events[0]?.ID] });

    const answer = await mark(processId, messageId);

    expect(answer.result).toBe(true);
    expect(portal.rows()).toEqual([]);
    expect(portal.destroyed).toEqual([
      {
        row: expect.objectContaining({ MESSAGE_ID: messageId, EVENT_DATA: DEAL, PROCESS_ID: '' }) as unknown,
        by: { method: 'event.offline.error', processId, at: clock.now() },
      },
    ]);
    expect(() => emulator.assertNothingDestroyed()).toThrow(/1 live events were destroyed.*acme.*123/s);
  });

  it('1: marking in one batch takes the message out of every other batch, so that its own mark is stale', async () => {
    change();
    const first = await reserve();
    const messageId = first.events[0]?.MESSAGE_ID ?? '';
    change();
    const second = await reserve();

    await mark(first.processId, messageId);
    expect(portal.rows()).toMatchObject([{ MESSAGE_ID: messageId, PROCESS_ID: '', ERROR: 1 }]);
    const held = await reserve({ process_id: second.processId });
    expect(held.events).toEqual([]);
    expect(portal.destroyed).toEqual([]);

    await reserve({ error: 1 });
    change();
    await mark(second.processId, messageId);
    expect(portal.destroyed).toHaveLength(1);
  });

  it('2: an error row swallows later changes and keeps them from an ordinary get', async () => {
    change();
    const { processId, events } = await reserve();
    await mark(processId, events[0]?.MESSAGE_ID ?? '');
    clock.forward(60);
    change();

    expect((await reserve()).events).toEqual([]);
    const retried = await reserve({ error: 1 });
    expect(retried.events).toMatchObject([{ ID: events[0]?.ID, EVENT_DATA: DEAL }]);
    expect(retried.events[0]?.TIMESTAMP_X).not.toBe(events[0]?.TIMESTAMP_X);
  });

  it('3: marking a retried row again marks nothing and deletes a newer change', async () => {
    change();
    const { processId, events } = await reserve();
    const messageId = events[0]?.MESSAGE_ID ?? '';
    await mark(processId, messageId);
    const retry = await reserve({ error: 1 });
    change();
    expect(portal.rows()).toHaveLength(2);

    await mark(retry.processId, messageId);

    expect(portal.rows()).toMatchObject([{ PROCESS_ID: retry.processId, ERROR: 1 }]);
    expect(portal.destroyed).toHaveLength(1);
  });

  it('4: rows of a get whose answer is lost show only in event.offline.list, and can be adopted', async () => {
    change('1');
    change('2');
    portal.inject({ method: 'event.offline.get', kind: 'drop-after-commit' });
    await expect(reserve()).rejects.toThrow();

    expect((await reserve()).events).toEqual([]);
    const listed = await rest.call<OfflineListedEvent[]>('event.offline.list', {
      filter: { '>PROCESS_ID': '' },
    });
    expect(listed.result.map((row) => row.EVENT_DATA)).toEqual([
      { FIELDS: { ID: '1' } },
      { FIELDS: { ID: '2' } },
    ]);
    const orphan = listed.result[0]?.PROCESS_ID ?? '';
    expect(orphan).toMatch(/^[0-9a-z]{32}$/);
    const adopted = await reserve({ process_id: orphan });
    expect(adopted.processId).toBe(orphan);
    expect(adopted.events).toHaveLength(2);
  });

  it('5: reserved rows go by the time of their last change, however recently they were reserved', async () => {
    change('1');
    clock.forward(2_952_001);
    change('2');
    await reserve();
    change('3');

    expect(portal.queue.runCleanupAgent()).toBe(1);
    expect(portal.rows().map((row) => row.EVENT_DATA)).toEqual([
      { FIELDS: { ID: '2' } },
      { FIELDS: { ID: '3' } },
    ]);
    clock.forward(2_952_001);
    portal.queue.runCleanupAgent();
    expect(portal.rows()).toMatchObject([{ EVENT_DATA: { FIELDS: { ID: '3' } }, PROCESS_ID: '' }]);
  });

  it.each([
    ['no list', {}],
    ['an empty list of ids', { id: [] }],
    ['an empty list of message ids', { message_id: [] }],
  ])('6: clear with %s removes the whole batch', async (_name, list) => {
    change('1');
    change('2');
    const { processId } = await reserve();
    const answer = await rest.call('event.offline.clear', { process_id: processId, ...list });
    expect(answer.result).toBe(true);
    expect(portal.rows()).toEqual([]);
    expect((await rest.call('event.offline.clear', { process_id: processId })).result).toBe(true);
  });

  it('6: clear with ids removes those alone', async () => {
    change('1');
    change('2');
    const { processId, events } = await reserve();
    await rest.call('event.offline.clear', { process_id: processId, id: [events[0]?.ID] });
    expect(portal.rows().map((row) => String(row.ID))).toEqual([events[1]?.ID]);
  });

  it('7: a plan without reservations refuses clear=0, and clear=1 hands out the only copy', async () => {
    portal.setFeatures({ extended: false });
    change('1');
    clock.forward(1);
    change('2');
    clock.forward(1);
    change('1');
    const refused = await rest.call('event.offline.get', { clear: 0 });
    expect(refused).toMatchObject({ status: 403, error: 'WRONG_LICENSE' });

    const listed = await rest.call<OfflineListedEvent[]>('event.offline.list', {
      filter: { '=PROCESS_ID': '', '=ERROR': 0 },
      order: { ID: 'ASC' },
    });
    expect(listed.result.map((row) => row.ID)).toEqual(['1', '2']);
    change('3');

    // By time, the default order, row 2 would come before the merged row 1.
    const byTime = await rest.call<OfflineGetAnswer>('event.offline.get', { limit: 1 });
    expect(byTime.result).toMatchObject({ process_id: null, events: [{ ID: '2' }] });
    const byId = await rest.call<OfflineGetAnswer>('event.offline.get', {
      clear: 1,
      filter: { '<=ID': 2 },
      order: { ID: 'ASC' },
      limit: 2,
    });
    expect(byId.result.events.map((event) => event.ID)).toEqual(['1']);
    expect(portal.rows()).toMatchObject([{ ID: 3 }]);
  });

  it('8: an error row holds several changes, its time moves, and its error flag stays', async () => {
    change();
    const { processId, events } = await reserve();
    await mark(processId, events[0]?.MESSAGE_ID ?? '');
    const before = portal.rows()[0];
    clock.forward(5);
    change();
    clock.forward(5);
    change();

    const [after] = portal.rows();
    expect(after).toMatchObject({ ID: before?.ID, ERROR: 1, PROCESS_ID: '' });
    expect((after?.TIMESTAMP_X ?? 0) - (before?.TIMESTAMP_X ?? 0)).toBe(10);
    expect(portal.queue.journal.map((entry) => entry.merges)).toEqual([0, 1, 2]);
  });
});
