import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type EmulatedPortal, type Emulator } from './index.js';
import { PortalCaller } from './fixtures/portal-caller.js';

const UPDATE = 'ONCRMDEALUPDATE';
const ERP = { auth_connector: 'erp' };
const CRM = { auth_connector: 'crm' };

/** Who hears of a change that a REST call makes. */
describe('changes by REST calls', () => {
  let emulator: Emulator;
  let portal: EmulatedPortal;
  let own: PortalCaller;
  let id: number;

  beforeEach(async () => {
    emulator = await startEmulator({ endpointStyle: 'path' });
    portal = emulator.addPortal({ name: 'acme', burst: 1000 });
    own = new PortalCaller(emulator, portal);
    const added = await own.call<number>('crm.deal.add', { fields: { TITLE: 'A deal' } });
    id = added.result;
  });

  afterEach(() => emulator.close());

  const update = (by: PortalCaller, more: Record<string, unknown> = {}) =>
    by.call('crm.deal.update', { id, fields: { TITLE: 'Changed' }, ...more });

  /** Source keys under which rows wait for the application under test. */
  const announcedUnder = () =>
    portal
      .rows()
      .filter((row) => row.APP_ID === 1)
      .map((row) => row.CONNECTOR_ID);

  function another(): PortalCaller {
    const caller = new PortalCaller(emulator, portal);
    caller.use(portal.accessTokenOfOther());
    return caller;
  }

  async function byWebhook(method: string, body: unknown) {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const response = await fetch(`${portal.webhookEndpoint}${method}`, init);
    return (await response.json()) as { result: unknown };
  }

  it('keeps a change by the application’s own token from it, without a source key on either side', async () => {
    portal.bind(UPDATE);
    expect((await update(own)).result).toBe(true);
    expect(portal.rows()).toEqual([]);
    expect((await own.call('batch', { cmd: { a: `crm.deal.update?id=${id}` } })).status).toBe(200);
    expect(portal.rows()).toEqual([]);
  });

  it.each([
    ['the same key on both sides', 'erp', ERP, []],
    ['another key', 'erp', CRM, ['erp']],
    ['no key, where the binding has one', 'erp', {}, ['erp']],
    ['a key, where the binding has none', '', ERP, ['']],
  ])('own token, %s', async (_name, bound, sent, expected) => {
    portal.bind(UPDATE, bound);
    await update(own, sent);
    expect(announcedUnder()).toEqual(expected);
  });

  it('judges each binding by itself', async () => {
    for (const key of ['', 'erp', 'crm']) portal.bind(UPDATE, key);
    await update(own, ERP);
    expect(announcedUnder()).toEqual(['', 'crm']);
  });

  it('takes the source key of a batch for all of its commands, and none from a command', async () => {
    portal.bind(UPDATE, 'erp');
    const command = `crm.deal.update?id=${id}`;
    await own.call('batch', { cmd: { a: command, b: `${command}&auth_connector=other` }, ...ERP });
    expect(announcedUnder()).toEqual([]);
    await own.call('batch', { cmd: { a: `${command}&auth_connector=erp` } });
    expect(announcedUnder()).toEqual(['erp']);
  });

  it('announces a change by another application, whatever its source key is', async () => {
    portal.bind(UPDATE, 'erp');
    await update(another(), ERP);
    expect(announcedUnder()).toEqual(['erp']);
  });

  it('announces a change by a webhook, which has no source key', async () => {
    portal.bind(UPDATE);
    portal.bind(UPDATE, 'erp');
    expect((await byWebhook('crm.deal.update', { id, fields: {}, ...ERP })).result).toBe(true);
    expect(announcedUnder()).toEqual(['', 'erp']);
  });

  it('tells the other application of ours, and it sees its own rows and bindings only', async () => {
    const other = another();
    expect((await other.call('event.bind', { event: UPDATE, event_type: 'offline' })).result).toBe(true);
    portal.bind(UPDATE);
    await update(own);
    await update(other);
    const held = (by: PortalCaller) => by.call<{ events: unknown[] }>('event.offline.get', { clear: 0 });
    expect((await held(other)).result.events).toHaveLength(1);
    expect((await held(own)).result.events).toHaveLength(1);
    expect(portal.rows().map((row) => row.APP_ID)).toEqual([2, 1]);
    expect(portal.bindings()).toHaveLength(1);
  });

  it('says who made the change, and merges two of one object', async () => {
    portal.bind(UPDATE);
    await update(another());
    await byWebhook('crm.deal.update', { id });
    expect(portal.rows()).toMatchObject([
      { EVENT_NAME: UPDATE, EVENT_DATA: { FIELDS: { ID: String(id) } }, EVENT_ADDITIONAL: { user_id: '1' } },
    ]);
  });

  it('writes nothing for an event that is not bound, or while an installation is not finished', async () => {
    await update(another());
    const unfinished = emulator.addPortal({ name: 'young', interface: true });
    unfinished.bind('ONCRMDEALADD');
    await fetch(`${unfinished.webhookEndpoint}crm.deal.add`, { method: 'POST' });
    expect([...portal.rows(), ...unfinished.rows()]).toEqual([]);
    unfinished.finishInstallation();
    await fetch(`${unfinished.webhookEndpoint}crm.deal.add`, { method: 'POST' });
    expect(unfinished.rows()).toHaveLength(1);
  });

  it('adds, changes, shows and deletes objects, each with its events', async () => {
    const events = [
      ...['ADD', 'UPDATE', 'DELETE'].map((action) => `ONCRMCONTACT${action}`),
      ...['ADD', 'UPDATE', 'DELETE'].map((action) => `ONCRMDYNAMICITEM${action}_134`),
      'ONCRMDYNAMICITEMADD',
    ];
    for (const event of events) portal.bind(event);
    const other = another();
    const contact = (await other.call<number>('crm.contact.add', { fields: { NAME: 'Eve' } })).result;
    await other.call('crm.contact.update', { ID: String(contact), FIELDS: { LAST_NAME: 'Doe' } });
    const shown = { ID: String(contact), NAME: 'Eve', LAST_NAME: 'Doe', ASSIGNED_BY_ID: '1' };
    expect((await other.call('crm.contact.get', { id: contact })).result).toMatchObject(shown);
    expect((await other.call('crm.contact.delete', { id: contact })).result).toBe(true);

    const entityTypeId = 134;
    const item = (
      await other.call<{ item: { id: number } }>('crm.item.add', { entityTypeId, fields: { title: 'x' } })
    ).result.item;
    expect(item).toMatchObject({ id: 1, title: 'x' });
    const changed = await other.call('crm.item.update', {
      entityTypeId,
      id: item.id,
      fields: { title: 'y' },
    });
    expect(changed.result).toMatchObject({ item: { id: item.id, title: 'y' } });
    expect((await other.call('crm.item.delete', { entityTypeId, id: item.id })).result).toEqual([]);
    expect(
      portal
        .rows()
        .map((row) => row.EVENT_NAME)
        .sort(),
    ).toEqual(events.sort());
  });

  it.each([
    ['crm.deal.get', { id: 999 }, ''],
    ['crm.deal.update', { id: 999 }, ''],
    ['crm.deal.delete', {}, ''],
    ['crm.item.get', { entityTypeId: 2, id: 999 }, 'NOT_FOUND'],
    ['crm.item.get', { id: 1 }, '100'],
    ['crm.item.add', { entityTypeId: 99 }, 'NOT_FOUND'],
  ])('%s %j is a 400 %j, and announces nothing', async (method, params, error) => {
    for (const action of ['ADD', 'UPDATE', 'DELETE']) portal.bind(`ONCRMDEAL${action}`);
    expect(await another().call(method, params)).toMatchObject({ status: 400, error });
    expect(portal.rows()).toEqual([]);
  });
});
