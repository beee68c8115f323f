import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type EmulatedPortal, type Emulator } from './index.js';
import { type OfflineListedEvent } from './offline-calls.js';
import { PortalCaller, type OfflineGetAnswer } from './fixtures/portal-caller.js';
import { TestClock } from './fixtures/test-clock.js';

describe('filters, order and pages', () => {
  let clock: TestClock;
  let emulator: Emulator;
  let portal: EmulatedPortal;
  let rest: PortalCaller;

  beforeEach(async () => {
    clock = new TestClock(Date.parse('2024-07-18T10:00:00Z'));
    emulator = await startEmulator({ now: clock.now });
    portal = emulator.addPortal({ name: 'acme', burst: 1000, utcOffset: '-03:30' });
    rest = new PortalCaller(emulator, portal);
    for (const event of ['ONB', 'ONA', 'ONC', 'ONA']) {
      portal.push({ event, data: { FIELDS: { ID: String(portal.queue.size) } }, force: true });
      clock.forward(60);
    }
  });

  afterEach(() => emulator.close());

  const list = (params: Record<string, unknown>) =>
    rest.call<OfflineListedEvent[]>('event.offline.list', params);
  const idsOf = (answer: { result: { ID: string }[] }): string[] => answer.result.map((row) => row.ID);

  it.each([
    [{ ID: '2' }, ['2']],
    [{ '>ID': 2 }, ['3', '4']],
    [{ '<=id': '2' }, ['1', '2']],
    [{ '=EVENT_NAME': 'ONA' }, ['2', '4']],
    [{ '>=TIMESTAMP_X': '2024-07-18T10:02:00Z' }, ['3', '4']],
    [{ '<TIMESTAMP_X': '2024-07-18T12:01:00+02:00' }, ['1']],
    [{ '>ID': 1, '<ID': 4, EVENT_NAME: 'ONC' }, ['3']],
    [{ PROCESS_ID: '', ERROR: 0, '<ID': 3 }, ['1', '2']],
    [{ '>PROCESS_ID': '' }, []],
    [[], ['1', '2', '3', '4']],
  ])('filter %j finds %j', async (filter, expected) => {
    const answer = await list({ filter });
    expect(idsOf(answer)).toEqual(expected);
    expect(answer.body['total']).toBe(expected.length);
  });

  it.each([
    [{ '!ID': 1 }],
    [{ '%EVENT_NAME': 'ON' }],
    [{ ID: [1, 2] }],
    [{ EVENT_DATA: 'x' }],
    ['ID'],
    [{ TIMESTAMP_X: 'yesterday-ish' }],
  ])('refuses filter %j', async (filter) => {
    expect(await list({ filter })).toMatchObject({ status: 400, error: 'ERROR_ARGUMENT' });
  });

  it('orders by one column or several, either way', async () => {
    expect(idsOf(await list({ order: { EVENT_NAME: 'asc', ID: 'DESC' } }))).toEqual(['4', '2', '1', '3']);
    expect(idsOf(await list({ order: { ID: 'DESC' } }))).toEqual(['4', '3', '2', '1']);
    expect(await list({ order: { EVENT_DATA: 'ASC' } })).toMatchObject({ error: 'ERROR_ARGUMENT' });
    expect(await list({ order: { ID: 'UP' } })).toMatchObject({ error: 'ERROR_ARGUMENT' });
  });

  it('lets get filter on fewer columns than list', async () => {
    const get = (filter: unknown) => rest.call<OfflineGetAnswer>('event.offline.get', { clear: 0, filter });
    expect(await get({ PROCESS_ID: '' })).toMatchObject({ status: 400, error: 'ERROR_ARGUMENT' });
    expect(await get({ ERROR: 0 })).toMatchObject({ status: 400, error: 'ERROR_ARGUMENT' });
    expect((await get({ EVENT_NAME: 'ONC' })).result.events).toMatchObject([{ ID: '3' }]);
    expect(portal.rows().filter((row) => row.PROCESS_ID !== '')).toMatchObject([{ ID: 3 }]);
  });

  it('prints time with the portal’s own offset, and the columns of each method', async () => {
    const [row] = (await list({})).result;
    expect(row).toEqual({
      ID: '1',
      TIMESTAMP_X: '2024-07-18T06:30:00-03:30',
      EVENT_NAME: 'ONB',
      EVENT_DATA: { FIELDS: { ID: '0' } },
      EVENT_ADDITIONAL: { user_id: '1' },
      MESSAGE_ID: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
      PROCESS_ID: '',
      ERROR: '0',
    });
    const { result } = await rest.call<OfflineGetAnswer>('event.offline.get', { clear: 0, limit: 1 });
    expect(Object.keys(result.events[0] ?? {})).toEqual([
      'ID',
      'TIMESTAMP_X',
      'EVENT_NAME',
      'EVENT_DATA',
      'EVENT_ADDITIONAL',
      'MESSAGE_ID',
    ]);
  });

  it('pages by 50 with start, next and total, and changes nothing', async () => {
    for (let i = 0; i < 100; i += 1) portal.push({ event: 'OND', data: i, force: true });
    const first = await list({ filter: { '>=ID': 2 } });
    expect(first.result).toHaveLength(50);
    expect(first.body).toMatchObject({ next: 50, total: 103 });
    const last = await list({ filter: { '>=ID': 2 }, start: 100 });
    expect(idsOf(last)).toEqual(['102', '103', '104']);
    expect(last.body).not.toHaveProperty('next');
    expect(portal.rows().every((row) => row.PROCESS_ID === '')).toBe(true);
  });

  it('pages by start in small letters only', async () => {
    for (let i = 0; i < 100; i += 1) portal.push({ event: 'OND', data: i, force: true });
    expect(idsOf(await list({ START: 100 }))[0]).toBe('1');
    expect(idsOf(await list({ Start: 100, start: '50' }))[0]).toBe('51');
    expect(idsOf(await list({ start: -1 }))[0]).toBe('1');
  });

  it('reads parameters whatever the case of their names, as PHP numbers', async () => {
    const { result } = await rest.form<OfflineGetAnswer>(
      'event.offline.get',
      'CLEAR=0&LIMIT=2&ORDER[ID]=DESC&FILTER[%3CID]=4',
    );
    expect(result.events.map((event) => event.ID)).toEqual(['3', '2']);
    expect(result.process_id).toMatch(/^[0-9a-z]{32}$/);
  });

  it('deletes what it returns with clear=1, the default', async () => {
    const { result } = await rest.call<OfflineGetAnswer>('event.offline.get', { limit: 3 });
    expect(result.process_id).toBeNull();
    expect(result.events).toHaveLength(3);
    expect(portal.rows()).toMatchObject([{ ID: 4 }]);
  });
});
