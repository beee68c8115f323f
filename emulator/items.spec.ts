import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type EmulatedPortal, type Emulator } from './index.js';
import { PortalCaller, type BatchAnswer } from './fixtures/portal-caller.js';
import { TestClock } from './fixtures/test-clock.js';

const DEAL = 2;
const CONTACT = 3;
type Item = Record<string, unknown> & { id: number };

describe('crm.item methods', () => {
  let clock: TestClock;
  let emulator: Emulator;
  let portal: EmulatedPortal;
  let rest: PortalCaller;

  beforeEach(async () => {
    clock = new TestClock();
    emulator = await startEmulator({ now: clock.now });
    portal = emulator.addPortal({ name: 'acme', burst: 1000 });
    rest = new PortalCaller(emulator, portal);
  });

  afterEach(() => emulator.close());

  const list = (params: Record<string, unknown>) =>
    rest.call<{ items: Item[] }>('crm.item.list', { entityTypeId: DEAL, select: ['id'], ...params });

  const idsOf = async (params: Record<string, unknown>) =>
    (await list(params)).result.items.map(({ id }) => id);

  const errorOf = async (method: string, params: Record<string, unknown>) => {
    const { status, error } = await rest.call(method, { entityTypeId: DEAL, ...params });
    return [status, error];
  };

  it('adds, gets, changes and deletes an item, with whole seconds in the portal’s own time', async () => {
    const added = await rest.call<{ item: Item }>('crm.item.add', {
      entityTypeId: DEAL,
      fields: {
        title: 'Ten chairs',
        opportunity: '950.5',
        id: 77,
        createdTime: '2001-01-01',
        ufCrm_1: ['a'],
      },
    });
    expect(added.result.item).toMatchObject({
      id: 1,
      title: 'Ten chairs',
      opportunity: 950.5,
      stageId: 'NEW',
      entityTypeId: DEAL,
      createdTime: '2024-07-18T12:32:31+02:00',
      updatedTime: '2024-07-18T12:32:31+02:00',
      ufCrm_1: ['a'],
    });
    clock.forward(61);
    const fields = { stageId: 'WON' };
    const changed = await rest.call<{ item: Item }>('crm.item.update', { entityTypeId: DEAL, id: 1, fields });
    expect(changed.result.item).toMatchObject({
      title: 'Ten chairs',
      stageId: 'WON',
      createdTime: '2024-07-18T12:32:31+02:00',
      updatedTime: '2024-07-18T12:33:32+02:00',
    });
    const got = await rest.call('crm.item.get', { entityTypeId: DEAL, id: 1 });
    expect(got.result).toEqual(changed.result);
    expect((await rest.call('crm.item.delete', { entityTypeId: DEAL, id: 1 })).result).toEqual([]);
    expect(await errorOf('crm.item.get', { id: 1 })).toEqual([400, 'NOT_FOUND']);
  });

  it('counts the ids of each type by itself and gives none out twice', () => {
    for (const type of [1, 2, 3, 4, 7, 31, 134, 134]) portal.objects.add(type);
    portal.objects.delete(134, 2);
    expect(portal.objects.add(134).id).toBe(3);
    expect([1, 2, 3, 4, 7, 31].map((type) => portal.objects.find(type, 1)?.id)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('does not save what changes nothing, and tells nobody of it', async () => {
    portal.objects.add(DEAL, { title: 'Ten chairs' });
    portal.bind('ONCRMDEALUPDATE');
    rest.use(portal.accessTokenOfOther());
    clock.forward(60);
    const same = { entityTypeId: DEAL, id: 1, fields: { title: 'Ten chairs', opportunity: '0' } };
    await rest.call('crm.item.update', same);
    expect(portal.rows()).toEqual([]);
    expect(portal.objects.find(DEAL, 1)?.updatedAt).toBe(Math.floor(clock.now() / 1000) - 60);
    await rest.call('crm.item.update', { ...same, fields: { title: 'Nine chairs' } });
    expect(portal.rows()).toHaveLength(1);
  });

  it('shows the same object to the methods of its own kind, under their names', async () => {
    await rest.call('crm.lead.add', { fields: { TITLE: 'A lead', STATUS_ID: 'IN_PROCESS', UF_CRM_12: 'x' } });
    const { result } = await rest.call<{ item: Item }>('crm.item.get', { entityTypeId: 1, id: 1 });
    expect(result.item).toMatchObject({ title: 'A lead', stageId: 'IN_PROCESS', ufCrm_12: 'x' });
    expect((await rest.call('crm.lead.get', { id: 1 })).result).toMatchObject({
      ID: '1',
      TITLE: 'A lead',
      STATUS_ID: 'IN_PROCESS',
      UF_CRM_12: 'x',
      DATE_MODIFY: '2024-07-18T12:32:31+02:00',
      MODIFY_BY_ID: '1',
    });
  });

  it('lists pages of 50 with next and total, and neither with start=-1', async () => {
    portal.objects.seed(DEAL, { count: 120 });
    const first = await list({});
    expect(first.body).toMatchObject({ total: 120, next: 50 });
    expect(first.result.items.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    const last = await list({ start: 100 });
    expect(last.body).toMatchObject({ total: 120 });
    expect(last.body).not.toHaveProperty('next');
    expect(last.result.items).toHaveLength(20);
    const uncounted = await list({ start: -1 });
    expect(uncounted.body).not.toHaveProperty('total');
    expect(uncounted.body).not.toHaveProperty('next');
    expect(uncounted.result.items).toHaveLength(50);
    expect((await list({ start: 150 })).result).toEqual({ items: [] });
    const { result } = await rest.call<BatchAnswer>('batch', {
      cmd: { a: 'crm.item.list?entityTypeId=2&start=50', b: 'crm.item.list?entityTypeId=2&start=-1' },
    });
    expect([result.result_total, result.result_next]).toEqual([{ a: 120 }, { a: 100 }]);
  });

  it.each([
    [{ '@id': [3, '2', 99, 2] }, [2, 3]],
    [{ '@id': [] }, []],
    [{ '!@id': [1, 2, 3, 4, 5] }, [6]],
    [{ id: 4 }, [4]],
    [{ '=id': '4' }, [4]],
    [{ id: [5, 4] }, [4, 5]],
    [{ '>id': 2, '<id': 5 }, [3, 4]],
    [{ '>=id': '2', '<=id': 3 }, [2, 3]],
    [{ '>id': 2, '@id': [1, 3] }, [3]],
    [{ '>id': 5, '<=id': 2 }, []],
    [{ stageId: 'WON' }, [3]],
    [{ '@stageId': ['WON', 'LOSE'] }, [3, 4]],
    [{ '!=stageId': 'NEW', '>id': 2 }, [3, 4, 6]],
    [{ '>=opportunity': '40', '<opportunity': 60 }, [4, 5]],
    [{ '%title': 'DEAL #6' }, [6]],
    [{ sourceId: '', '<id': 3 }, [1, 2]],
  ])('filters %j', async (filter, expected) => {
    portal.objects.seed(DEAL, { count: 6 });
    expect(await idsOf({ filter })).toEqual(expected);
    expect(await idsOf({ filter, start: -1, order: { id: 'DESC' } })).toEqual([...expected].reverse());
  });

  it('filters and orders by time of change, then by id', async () => {
    const at = (seconds: number) => Date.parse('2024-07-01T10:00:00Z') / 1000 + seconds;
    const times = [30, 10, 20, 10, 10, 40];
    for (const seconds of times) portal.objects.add(DEAL, {}, { createdAt: at(0), updatedAt: at(seconds) });
    const order = { updatedTime: 'ASC', id: 'ASC' };
    expect(await idsOf({ order })).toEqual([2, 4, 5, 3, 1, 6]);
    expect(await idsOf({ order: { updatedTime: 'DESC', id: 'ASC' } })).toEqual([6, 1, 3, 2, 4, 5]);
    const from = (time: string) => ({ '>=updatedTime': `2024-07-01T12:00:${time}+02:00` });
    expect(await idsOf({ order, filter: from('20') })).toEqual([3, 1, 6]);
    expect(await idsOf({ order, filter: { ...from('10'), '<=updatedTime': '2024-07-01T12:00:20' } })).toEqual(
      [2, 4, 5, 3],
    );
    const after = { updatedTime: '2024-07-01T12:00:10', '>id': 2 };
    expect(await idsOf({ order, filter: after, start: -1 })).toEqual([4, 5]);
    expect(await idsOf({ filter: { '>createdTime': '2024-07-01T12:00:00' } })).toEqual([]);
    expect(await idsOf({ filter: { '<=createdTime': '2024-07-01T12:00:00' } })).toHaveLength(6);
    portal.objects.update(DEAL, 2);
    expect(await idsOf({ order })).toEqual([4, 5, 3, 1, 6, 2]);
  });

  it('reads the dates of a filter in its own time, whatever offset they come with', async () => {
    const noon = Date.parse('2024-07-01T12:00:00Z') / 1000;
    portal.objects.add(DEAL, {}, { updatedAt: noon });
    expect(await idsOf({ filter: { updatedTime: '2024-07-01T14:00:00+02:00' } })).toEqual([1]);
    expect(await idsOf({ filter: { updatedTime: '2024-07-01T12:00:00Z' } })).toEqual([]);
    for (const time of ['2024-07-01T14:00:00Z', '2024-07-01T14:00:00.000-0700', '01.07.2024 14:00:00']) {
      expect(await idsOf({ filter: { updatedTime: time } })).toEqual([1]);
    }
    expect(await idsOf({ filter: { '>updatedTime': '2024-07-01', '<updatedTime': '2024-07-02' } })).toEqual([
      1,
    ]);
    const odd = emulator.addPortal({ name: 'odd', utcOffset: '+02:00', filterOffset: '-05:00' });
    odd.objects.add(DEAL, {}, { updatedAt: noon });
    const other = new PortalCaller(emulator, odd);
    const found = async (updatedTime: string) =>
      (await other.call<{ items: Item[] }>('crm.item.list', { entityTypeId: DEAL, filter: { updatedTime } }))
        .result.items;
    expect(await found('2024-07-01T14:00:00+02:00')).toEqual([]);
    expect(await found('2024-07-01T07:00:00+02:00')).toMatchObject([
      { updatedTime: '2024-07-01T14:00:00+02:00' },
    ]);
  });

  it('counts the offset of a filter’s date where the portal is one that does', async () => {
    const noon = Date.parse('2024-07-01T12:00:00Z') / 1000;
    const exact = emulator.addPortal({ name: 'exact', filterDates: 'counted' });
    exact.objects.add(DEAL, {}, { updatedAt: noon });
    const other = new PortalCaller(emulator, exact);
    for (const updatedTime of [
      '2024-07-01T14:00:00+02:00',
      '2024-07-01T05:00:00-0700',
      '2024-07-01 14:00:00',
    ]) {
      const params = { entityTypeId: DEAL, filter: { updatedTime } };
      expect((await other.call<{ items: Item[] }>('crm.item.list', params)).result.items).toHaveLength(1);
    }
  });

  it('prints the fields that were selected, and the phones of a contact with all of them only', async () => {
    portal.objects.seed(CONTACT, { count: 1 });
    const shown = async (select?: readonly string[]) => {
      const params = { entityTypeId: CONTACT, ...(select ? { select } : {}) };
      return (await rest.call<{ items: Item[] }>('crm.item.list', params)).result.items[0] ?? {};
    };
    expect(await shown(['updatedTime', 'name', 'nosuch'])).toEqual({
      name: 'Name 1',
      updatedTime: expect.stringMatching(/\+02:00$/) as unknown,
    });
    expect(await shown(['id', 'fm'])).toEqual({ id: 1 });
    expect(await shown(['fm'])).toEqual([]);
    expect(await shown([])).toEqual([]);
    const all = await shown(['id', '*']);
    expect(all).toMatchObject({ fm: [{ typeId: 'PHONE' }, { typeId: 'EMAIL' }], entityTypeId: CONTACT });
    expect(await shown()).toEqual(all);
    expect((await rest.call('crm.item.get', { entityTypeId: CONTACT, id: 1 })).result).toEqual({ item: all });
  });

  it('leaves out of a list what its user may not read, and refuses it', async () => {
    portal.objects.seed(DEAL, { count: 4 });
    portal.objects.setReadable(DEAL, [2, 3], false);
    expect((await list({})).body).toMatchObject({ total: 2, result: { items: [{ id: 1 }, { id: 4 }] } });
    expect(await idsOf({ filter: { '@id': [2, 4] } })).toEqual([4]);
    expect(await errorOf('crm.item.get', { id: 2 })).toEqual([400, 'ACCESS_DENIED']);
    expect(await errorOf('crm.item.update', { id: 2, fields: {} })).toEqual([400, 'ACCESS_DENIED']);
    expect(await errorOf('crm.item.delete', { id: 2 })).toEqual([400, 'ACCESS_DENIED']);
    expect((await rest.call('crm.deal.get', { id: 2 })).description).toBe('Access denied.');
    portal.objects.setReadable(DEAL, [2], true);
    expect(await idsOf({})).toEqual([1, 2, 4]);
  });

  it.each([
    ['crm.item.list', { filter: { '>ID': 1 } }, 'INVALID_ARG_VALUE'],
    ['crm.item.list', { filter: { '>nosuch': 1 } }, 'INVALID_ARG_VALUE'],
    ['crm.item.list', { filter: { '><id': 1 } }, 'INVALID_ARG_VALUE'],
    ['crm.item.list', { filter: { fm: 1 } }, 'INVALID_ARG_VALUE'],
    ['crm.item.list', { filter: { '>updatedTime': 'yesterday' } }, 'INVALID_ARG_VALUE'],
    ['crm.item.list', { filter: { '>title': ['a'] } }, 'INVALID_ARG_VALUE'],
    ['crm.item.list', { order: { nosuch: 'ASC' } }, 'INVALID_ARG_VALUE'],
    ['crm.item.list', { order: { id: 'UP' } }, 'INVALID_ARG_VALUE'],
    ['crm.item.list', { entityTypeId: 5 }, 'NOT_FOUND'],
    ['crm.item.list', { entityTypeId: null }, '100'],
    ['crm.item.get', {}, '100'],
    ['crm.item.add', {}, '100'],
  ])('refuses %s %j', async (method, params, code) => {
    expect(await errorOf(method, params)).toEqual([400, code]);
  });

  it('pages wrongly, and without a word, by a reference that leads nowhere', async () => {
    portal.objects.seed(DEAL, { count: 60 });
    const page = (after: string) =>
      `crm.item.list?entityTypeId=2&select[0]=id&start=-1&filter[%3Eid]=${encodeURIComponent(after)}`;
    const { result } = await rest.call<BatchAnswer>('batch', {
      cmd: {
        first: page('0'),
        second: page('$result[first][items][49][id]'),
        third: page('$result[second][items][49][id]'),
      },
    });
    const { first, second, third } = result.result as Record<string, { items: Item[] }>;
    expect([first?.items.length, second?.items.length]).toEqual([50, 10]);
    expect(third?.items.slice(0, 2)).toEqual([{ id: 2 }, { id: 3 }]);
    expect(result.result_error).toEqual([]);
  });

  it.each([
    [2, ['ONCRMDEALADD', 'ONCRMDEALUPDATE', 'ONCRMDEALDELETE'], {}],
    [7, ['ONCRMQUOTEADD', 'ONCRMQUOTEUPDATE', 'ONCRMQUOTEDELETE'], {}],
    [31, ['ONCRMDYNAMICITEMADD', 'ONCRMDYNAMICITEMUPDATE_31'], { ENTITY_TYPE_ID: '31' }],
    [134, ['ONCRMDYNAMICITEMUPDATE', 'ONCRMDYNAMICITEMDELETE_134'], { ENTITY_TYPE_ID: '134' }],
  ])('fires the events of type %i', (type, events, more) => {
    for (const event of ['ONCRMINVOICEADD', 'ONCRMDYNAMICITEMADD_2', ...events]) portal.bind(event);
    portal.objects.add(type);
    portal.objects.update(type, 1);
    portal.objects.delete(type, 1);
    expect(portal.rows().map((row) => [row.EVENT_NAME, row.EVENT_DATA])).toEqual(
      events.map((event) => [event, { FIELDS: { ID: '1', ...more } }]),
    );
  });

  it('imports silently, with the times that an administrator gives, and in their order', async () => {
    portal.bind('ONCRMDEALADD');
    rest.use(portal.accessTokenOfOther());
    const imported = (fields: Record<string, unknown>) =>
      rest.call('crm.item.import', { entityTypeId: DEAL, fields });
    const times = { createdTime: '2024-07-01T10:00:00Z', updatedTime: '2024-07-02 10:00:00', updatedBy: 7 };
    expect((await imported({ title: 'Old', ...times })).result).toEqual({ item: { id: 1 } });
    expect((await rest.call('crm.item.get', { entityTypeId: DEAL, id: 1 })).result).toMatchObject({
      item: {
        title: 'Old',
        createdTime: '2024-07-01T12:00:00+02:00',
        updatedTime: '2024-07-02T10:00:00+02:00',
        updatedBy: 7,
      },
    });
    for (const wrong of [
      { createdTime: '2024-06-30T00:00:00Z' },
      { createdTime: '2024-07-19T00:00:00Z' },
      { createdTime: '2024-07-03', updatedTime: '2024-07-02' },
      { updatedTime: 'once' },
    ]) {
      expect(await imported(wrong)).toMatchObject({ status: 400, error: 'CRM_FIELD_ERROR_VALUE_NOT_VALID' });
    }
    const data = [{ title: 'A' }, { createdTime: 'never' }, { title: 'B' }];
    expect((await rest.call('crm.item.batchImport', { entityTypeId: DEAL, data })).result).toMatchObject({
      items: [{ item: { id: 2 } }, { error: 'CRM_FIELD_ERROR_VALUE_NOT_VALID' }, { item: { id: 3 } }],
    });
    const many = { entityTypeId: DEAL, data: Array(21).fill({}) };
    expect((await rest.call('crm.item.batchImport', many)).error).toBe('MAX_IMPORT_BATCH_SIZE_EXCEEDED');
    portal.setAdministrator(false);
    expect((await imported(times)).error).toBe('CRM_FIELD_ERROR_VALUE_NOT_VALID');
    expect((await imported({ title: 'C' })).result).toEqual({ item: { id: 4 } });
    expect(portal.rows()).toEqual([]);
  });

  it('finds nothing of a smart process that was deleted', async () => {
    portal.objects.seed(134, { count: 2 });
    portal.bind('ONCRMDYNAMICITEMDELETE');
    portal.objects.dropType(134);
    for (const method of ['list', 'get', 'add']) {
      const params = { entityTypeId: 134, id: 1, fields: {} };
      expect(await errorOf(`crm.item.${method}`, params)).toEqual([400, 'NOT_FOUND']);
    }
    expect(portal.rows()).toEqual([]);
    expect(() => portal.objects.dropType(DEAL)).toThrow('No smart process: 2');
  });

  it('keeps an item’s own change from its application, and tells others', async () => {
    for (const action of ['ADD', 'UPDATE', 'DELETE']) portal.bind(`ONCRMQUOTE${action}`);
    const work = async () => {
      const { id } = (await rest.call<{ item: Item }>('crm.item.add', { entityTypeId: 7, fields: {} })).result
        .item;
      await rest.call('crm.item.update', { entityTypeId: 7, id, fields: { title: 'x' } });
      await rest.call('crm.item.delete', { entityTypeId: 7, id });
    };
    await work();
    expect(portal.rows()).toEqual([]);
    rest.use(portal.accessTokenOfOther());
    await work();
    expect(portal.rows()).toHaveLength(3);
  });

  it('takes its time for every page and charges each method, or the batch', async () => {
    portal.objects.seed(DEAL, { count: 1 });
    portal.setLimits({ serviceTimePerPageMs: 20, operatingLimitSeconds: 0.05 });
    const cmd = {
      ...Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, 'crm.item.list?entityTypeId=2'])),
      get: 'crm.item.get?entityTypeId=2&id=1',
    };
    const { result } = await rest.call<BatchAnswer>('batch', { cmd });
    const times = result.result_time as Record<string, { operating: number }>;
    expect(['a', 'b', 'c', 'get'].map((name) => times[name]?.operating.toFixed(2))).toEqual([
      '0.02',
      '0.04',
      '0.06',
      '0.00',
    ]);
    expect(result.result_error).toMatchObject({ d: { error: 'OPERATION_TIME_LIMIT' } });
    expect(await errorOf('crm.item.list', {})).toEqual([429, 'OPERATION_TIME_LIMIT']);

    clock.forward(600);
    portal.setLimits({ operatingOf: 'batch' });
    const counted = await rest.call<BatchAnswer>('batch', { cmd });
    expect(counted.body['time']).toMatchObject({ operating: expect.closeTo(0.08) as unknown });
    expect(counted.result.result_error).toEqual([]);
    expect(await rest.call('batch', { cmd })).toMatchObject({ status: 429, error: 'OPERATION_TIME_LIMIT' });
    expect((await list({})).status).toBe(200);
  });
});
