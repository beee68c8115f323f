import { describe, expect, it } from '@jest/globals';
import { parseBindings, reconcileBindings } from './bindings.js';

const wanted = {
  events: ['ONCRMDEALADD', 'ONCRMDEALUPDATE'],
  connectorId: '',
  notificationHandler: null,
  formerHandler: null,
};

describe('bindings', () => {
  it('binds what is missing and unbinds what is ours and no longer wanted', () => {
    const bound = parseBindings([
      { event: 'ONCRMDEALADD', connector_id: '', offline: 1 },
      { event: 'ONCRMLEADADD', connector_id: '', offline: 1 },
    ]);
    expect(reconcileBindings(bound, wanted)).toEqual({
      bind: ['ONCRMDEALUPDATE'],
      unbind: ['ONCRMLEADADD'],
      bindNotification: null,
      unbindNotification: null,
    });
  });

  it('leaves alone what is bound online or under another source key', () => {
    const bound = parseBindings([
      { event: 'ONCRMDEALADD', connector_id: 'erp', offline: 1 },
      { event: 'ONCRMLEADADD', connector_id: 'erp', offline: '1' },
      { event: 'ONCRMDEALUPDATE', handler: 'https://x.example/h', auth_type: '0', offline: 0 },
    ]);
    expect(reconcileBindings(bound, wanted)).toEqual({
      bind: ['ONCRMDEALADD', 'ONCRMDEALUPDATE'],
      unbind: [],
      bindNotification: null,
      unbindNotification: null,
    });
  });

  it('binds the notification once, at the wanted address', () => {
    const here = 'https://bridge.example/bitrix24/events';
    const asked = { ...wanted, events: [], notificationHandler: here };
    expect(reconcileBindings([], asked).bindNotification).toBe(here);
    const bound = parseBindings([{ event: 'OnOfflineEvent', handler: here, offline: 0 }]);
    expect(reconcileBindings(bound, asked).bindNotification).toBeNull();
  });

  it('unbinds the address that we bound before, and no other, however much it looks like ours', () => {
    const bound = parseBindings([
      { event: 'ONOFFLINEEVENT', handler: 'https://old.example/bitrix24/events', offline: 0 },
      { event: 'ONOFFLINEEVENT', handler: 'https://other.example/bitrix24/events', offline: 0 },
      { event: 'ONCRMDEALADD', handler: 'https://old.example/bitrix24/events', offline: 0 },
    ]);
    const moved = {
      ...wanted,
      events: [],
      notificationHandler: 'https://new.example/bitrix24/events',
      formerHandler: 'https://old.example/bitrix24/events',
    };
    expect(reconcileBindings(bound, moved)).toMatchObject({
      bindNotification: 'https://new.example/bitrix24/events',
      unbindNotification: 'https://old.example/bitrix24/events',
    });
    expect(reconcileBindings(bound, { ...moved, notificationHandler: null })).toMatchObject({
      bindNotification: null,
      unbindNotification: 'https://old.example/bitrix24/events',
    });
    expect(reconcileBindings(bound, { ...moved, formerHandler: null }).unbindNotification).toBeNull();
    expect(
      reconcileBindings([], { ...moved, formerHandler: 'https://gone.example/e' }).unbindNotification,
    ).toBeNull();
  });

  it('leaves out what no portal binds, and does not read without end', () => {
    const long = 'x'.repeat(501);
    const odd = [
      { event: long, offline: 1 },
      { event: 'ONX', offline: 1, connector_id: long },
      { event: 'ONX', offline: 0, handler: long },
    ];
    expect(parseBindings(odd)).toEqual([]);
    expect(parseBindings(Array(100_000).fill({ event: 'ONX', offline: 1 }))).toHaveLength(5000);
  });

  it.each([null, false, 'x', [null, 7, { offline: 1 }, { event: 3 }]])(
    'takes %j for no bindings',
    (value) => {
      expect(parseBindings(value)).toEqual([]);
    },
  );
});
