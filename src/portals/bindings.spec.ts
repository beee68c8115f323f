import { describe, expect, it } from '@jest/globals';
import { parseBindings, reconcileBindings } from './bindings.js';

const wanted = { events: ['ONCRMDEALADD', 'ONCRMDEALUPDATE'], connectorId: '', notificationHandler: null };

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
    });
  });

  it('binds the notification once, at the wanted address', () => {
    const here = 'https://bridge.example/bitrix24/events';
    const asked = { ...wanted, events: [], notificationHandler: here };
    expect(reconcileBindings([], asked).bindNotification).toBe(here);
    const bound = parseBindings([{ event: 'OnOfflineEvent', handler: here, offline: 0 }]);
    expect(reconcileBindings(bound, asked).bindNotification).toBeNull();
  });

  it.each([null, false, 'x', [null, 7, { offline: 1 }, { event: 3 }]])(
    'takes %j for no bindings',
    (value) => {
      expect(parseBindings(value)).toEqual([]);
    },
  );
});
