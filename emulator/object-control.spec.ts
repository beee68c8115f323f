import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type EmulatedPortal, type Emulator } from './index.js';
import { ObjectLoad } from './object-load.js';

const DEAL = 2;

describe('control of objects', () => {
  let emulator: Emulator;
  let portal: EmulatedPortal;

  beforeEach(async () => {
    emulator = await startEmulator({ now: () => Date.parse('2024-07-18T10:32:31.400Z') });
    portal = emulator.addPortal({ name: 'acme' });
    for (const action of ['ADD', 'UPDATE', 'DELETE']) portal.bind(`ONCRMDEAL${action}`);
  });

  afterEach(() => emulator.close());

  async function control<T = Record<string, unknown>>(verb: string, call: string, body?: unknown) {
    const init = body === undefined ? { method: verb } : { method: verb, body: JSON.stringify(body) };
    const response = await fetch(`${emulator.url}/_control/portals/acme/${call}`, init);
    return { status: response.status, body: (await response.json()) as T };
  }

  const post = (call: string, body: Record<string, unknown>) =>
    control('POST', call, { entityTypeId: DEAL, ...body }).then((answer) => answer.body);

  const events = () => portal.rows().map((row) => row.EVENT_NAME);

  it('seeds many without an event, spread over ids and time', async () => {
    const range = { from: '2024-01-01T00:00:00Z', to: '2024-01-01T00:10:00Z' };
    expect(await post('seed-objects', { count: 100, step: 3, ...range })).toEqual({ first: 3, last: 300 });
    expect(await post('seed-objects', { count: 2 })).toEqual({ first: 301, last: 302 });
    expect((await control('GET', 'objects')).body).toEqual({ '2': { count: 102, lastId: 302 } });
    const { objects } = (
      await control<{ objects: unknown[] }>(
        'GET',
        'objects?entityTypeId=2&after=294&limit=2&select=updatedTime',
      )
    ).body;
    expect(objects).toEqual([
      { id: 297, updatedTime: '2024-01-01T02:09:54+02:00' },
      { id: 300, updatedTime: '2024-01-01T02:10:00+02:00' },
    ]);
    expect(events()).toEqual([]);
  });

  it('adds, changes and deletes objects as people do, or as an import does, also in the past', async () => {
    const objects = [{ fields: { title: 'A' } }, { id: 40, fields: { title: 'B' } }, {}];
    expect(await post('add-objects', { objects })).toEqual([1, 40, 41]);
    expect(events()).toEqual(Array(3).fill('ONCRMDEALADD'));
    expect(await post('change-objects', { ids: [40, 99], fields: { stageId: 'WON' } })).toEqual({
      changed: 1,
    });
    expect(events().slice(3)).toEqual(['ONCRMDEALUPDATE']);
    const past = { silent: true, updatedTime: '2020-01-01T00:00:00Z' };
    expect(await post('change-objects', { firstId: 41, ...past })).toEqual({ changed: 1 });
    const imported = { ...past, createdTime: 1_500_000_000, objects: [{}] };
    expect(await post('add-objects', imported)).toEqual([42]);
    expect(await post('delete-objects', { ids: [1], silent: true })).toEqual({ deleted: 1 });
    expect(events()).toHaveLength(4);
    expect(await post('delete-objects', { lastId: 40 })).toEqual({ deleted: 1 });
    expect(events().slice(4)).toEqual(['ONCRMDEALDELETE']);
    expect((await control('GET', 'objects?entityTypeId=2&select=updatedTime,createdTime')).body).toEqual({
      total: 2,
      objects: [
        { id: 41, createdTime: '2024-07-18T12:32:31+02:00', updatedTime: '2020-01-01T02:00:00+02:00' },
        { id: 42, createdTime: '2017-07-14T04:40:00+02:00', updatedTime: '2020-01-01T02:00:00+02:00' },
      ],
    });
  });

  it('changes a whole range within one second, and finds it by time', async () => {
    await post('seed-objects', { count: 3000 });
    expect(await post('change-objects', { firstId: 501, lastId: 2500, silent: true })).toEqual({
      changed: 2000,
    });
    const ids: number[] = [];
    const today = Date.parse('2024-07-18') / 1000;
    portal.objects
      .index(DEAL)
      .changedWithin(today, Infinity)
      .each(({ id }) => {
        ids.push(id);
        return false;
      });
    expect(ids).toEqual(Array.from({ length: 2000 }, (_, i) => 501 + i));
  });

  it('hides objects from the application’s user and shows them again', async () => {
    await post('seed-objects', { count: 3 });
    expect(await post('hide-objects', { ids: [2, 3, 9] })).toEqual({ hidden: 2 });
    expect((await control('GET', 'objects?entityTypeId=2&select=id')).body).toMatchObject({
      objects: [{ id: 1 }, { id: 2, unreadable: true }, { id: 3, unreadable: true }],
    });
    expect(await post('show-objects', { firstId: 1 })).toEqual({ shown: 3 });
    expect(portal.objects.find(DEAL, 2)?.unreadable).toBe(false);
  });

  it('deletes a smart process, and no other type', async () => {
    await post('seed-objects', { entityTypeId: 134, count: 3 });
    expect(await post('drop-type', { entityTypeId: 134 })).toBe(true);
    expect((await control('GET', 'objects')).body).toEqual({});
    expect(await post('drop-type', {})).toMatchObject({ error: 'No smart process: 2' });
  });

  it('raises changes at a rate until stopped', async () => {
    const load = { ratePerSecond: 2000, entityTypeIds: [DEAL], silent: 0.5 };
    expect((await control('POST', 'object-load', load)).body).toBe(true);
    while (portal.queue.journal.length < 50) await new Promise((resolve) => setTimeout(resolve, 10));
    const { body } = await control<ObjectLoad['counts']>('DELETE', 'object-load');
    const { added, updated, deleted, silent } = body;
    expect(added + updated + deleted).toBe(portal.queue.journal.length + silent.length);
    expect(portal.objects.index(DEAL).size).toBe(added - deleted);
    expect((await control('GET', 'object-load')).body).toEqual(body);
  });

  it.each([
    ['POST', 'seed-objects', { entityTypeId: DEAL }],
    ['POST', 'seed-objects', { entityTypeId: 99, count: 1 }],
    ['POST', 'seed-objects', { entityTypeId: DEAL, count: 0 }],
    ['POST', 'change-objects', { entityTypeId: DEAL }],
    ['POST', 'change-objects', { entityTypeId: DEAL, ids: ['1'] }],
    ['POST', 'change-objects', { entityTypeId: DEAL, ids: [1], updatedTime: 'once' }],
    ['POST', 'add-objects', { entityTypeId: DEAL, objects: [{ id: 0 }] }],
    ['POST', 'object-load', { ratePerSecond: 1, entityTypeIds: [] }],
    ['GET', 'objects?entityTypeId=99', undefined],
    ['POST', 'limits', { operatingOf: 'x' }],
    ['POST', '../', { name: 'odd', filterDates: 'x' }],
    ['POST', '../', { name: 'odd', filterOffset: 'x' }],
  ])('%s %s %j is refused', async (verb, call, body) => {
    expect((await control(verb, call, body)).status).toBe(400);
  });
});

describe('ObjectLoad', () => {
  it('does by shares what it is told, and remembers what it told nobody', async () => {
    const emulator = await startEmulator();
    try {
      const { objects } = emulator.addPortal({ name: 'acme' });
      objects.seed(DEAL, { count: 100 });
      const load = new ObjectLoad(objects, {
        ratePerSecond: 1,
        entityTypeIds: [DEAL, 134],
        add: 0,
        update: 1,
        delete: 0,
        silent: 1,
      });
      load.change(200);
      // The first change of a type without objects can only add one.
      expect(load.counts).toMatchObject({ added: 1, updated: 199, deleted: 0 });
      expect(load.counts.silent).toHaveLength(200);
      const last = load.counts.silent.at(-2);
      expect(last).toMatchObject({ entityTypeId: DEAL, action: 'UPDATE' });
      expect(objects.find(DEAL, last?.id ?? 0)?.updatedAt).toBe(last?.updatedAt);
    } finally {
      await emulator.close();
    }
  });
});
