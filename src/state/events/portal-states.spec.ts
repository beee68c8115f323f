import { beforeEach, describe, expect, it } from '@jest/globals';
import { PortalUnreachable, RequestRefused, PortalMisconfigured } from '../../bitrix24/errors.js';
import { ObjectTypes } from '../../contract/object-types.js';
import { StateFields } from '../../contract/state-fields.js';
import { parseJson } from '../../json/exact-json.js';
import { type Publishable } from '../../ledger/publishable.js';
import { type ObjectRead } from '../reading/object-read.js';
import { PortalStates } from './portal-states.js';
import { StateMemory } from './state-memory.js';

const WAIT_MS = 10_000;
const NOW = 1_700_000_000_000;

interface Want {
  readonly entityTypeId: number;
  readonly id: string;
  readonly select: readonly string[];
  readonly priority: string;
  readonly settle: (read: ObjectRead) => void;
}

let now: number;
let wants: Want[];
let calledOff: string[];
let readableAt: number;
let reading: boolean;
let woken: number;
let told: string[];
let stateMemory: StateMemory;

function open(words: string[] = ['crm.deal'], fields = '', maxBytes = 1000): PortalStates {
  return new PortalStates({
    reader: {
      want: (want) => {
        wants.push(want);
        return () => calledOff.push(want.id);
      },
      readableAt: () => readableAt,
      get reading() {
        return reading;
      },
    },
    types: new ObjectTypes(words),
    fields: new StateFields(fields),
    settings: { STATE_WAIT_MS: WAIT_MS, STATE_MAX_BYTES: maxBytes },
    stateMemory,
    wakeDispatch: () => (woken += 1),
    told: (status) => told.push(status),
    now: () => now,
  });
}

beforeEach(() => {
  now = NOW;
  wants = [];
  calledOff = [];
  readableAt = 0;
  reading = false;
  woken = 0;
  told = [];
  stateMemory = new StateMemory(10_000);
});

const key = (seq: number, id: string, more: object = {}) => ({
  seq,
  attempt: 1,
  event: 'ONCRMDEALUPDATE',
  objectId: id,
  data: undefined,
  since: NOW,
  origin: null,
  ...more,
});

function delivery(seq: number, id: string, more: Partial<Publishable> = {}): Publishable {
  return {
    seq,
    memberId: 'm',
    processId: 'p',
    messageId: 'x',
    rowId: '1',
    changedAt: 1,
    event: 'ONCRMDEALUPDATE',
    data: { FIELDS: { ID: id } },
    userId: null,
    attempt: 1,
    attemptsBefore: 0,
    reason: null,
    refusals: 0,
    origin: null,
    routingKey: null,
    ...more,
  };
}

const readAs = (object: object, beganAt = now): ObjectRead => ({
  status: 'read',
  object: object as Record<string, unknown>,
  beganAt,
});

describe('states for events', () => {
  it('lets a delivery go when its object was read, and says what it is', () => {
    const states = open();
    expect(states.ready([key(1, '7')])).toEqual({ ready: new Set(), nextAt: NOW + WAIT_MS });
    expect(wants).toMatchObject([{ entityTypeId: 2, id: '7', priority: 'state' }]);
    wants[0]?.settle(readAs({ id: 7, opportunity: parseJson('12.50') }));
    expect(woken).toBe(1);
    expect(states.ready([key(1, '7')])).toEqual({ ready: new Set([1]), nextAt: null });
    const state = states.of(delivery(1, '7'));
    expect(state).toMatchObject({ status: 'read', readAt: '2023-11-14T22:13:20.000Z', object: { id: 7 } });
    expect(String(state?.object?.['opportunity'])).toBe('12.50');
    expect(told).toEqual(['read']);
  });

  it('has an object read once for all that are in hand, and gives everything back when they are published', () => {
    const states = open();
    states.ready([key(1, '7'), key(2, '7'), key(3, '8')]);
    expect(wants.map(({ id }) => id)).toEqual(['7', '8']);
    wants[0]?.settle(readAs({ id: 7 }));
    expect(states.ready([key(1, '7'), key(2, '7'), key(3, '8')]).ready).toEqual(new Set([1, 2]));
    expect(stateMemory.inHand).toBeGreaterThan(0);
    states.done([1]);
    expect(states.of(delivery(2, '7'))?.status).toBe('read');
    states.done([2, 3]);
    expect(stateMemory.inHand).toBe(0);
    expect(calledOff).toEqual(['8']);
  });

  it('does not take a read that began before the event was reserved, or its retry fell due', () => {
    const states = open();
    states.ready([key(1, '7')]);
    wants[0]?.settle(readAs({ id: 7, title: 'old' }, NOW + 50));
    now = NOW + 200;
    const later = key(2, '7', { since: NOW + 100 });
    expect(states.ready([key(1, '7'), later]).ready).toEqual(new Set([1]));
    expect(wants).toHaveLength(2);
    // Until that comes, what was reserved first has its own.
    expect(states.of(delivery(1, '7'))?.object).toEqual({ id: 7, title: 'old' });
    expect(states.of(delivery(2, '7'))?.status).toBe('late');
    wants[1]?.settle(readAs({ id: 7, title: 'new' }, NOW + 150));
    expect(states.ready([later]).ready).toEqual(new Set([2]));
    expect(states.of(delivery(2, '7'))?.object).toEqual({ id: 7, title: 'new' });
    // The next attempt is another delivery.
    const retry = key(2, '7', { attempt: 2, since: NOW + 200 });
    expect(states.ready([retry]).ready.size).toBe(0);
    expect(wants).toHaveLength(3);
  });

  it('lets it go late at its time, not before and not after', () => {
    now = NOW - 60_000;
    const states = open();
    now = NOW;
    expect(states.ready([key(1, '7'), key(2, '8', { since: NOW - 4000 })]).nextAt).toBe(NOW + WAIT_MS - 4000);
    now = NOW + WAIT_MS - 1;
    expect(states.ready([key(1, '7')]).ready.size).toBe(0);
    now = NOW + WAIT_MS;
    expect(states.ready([key(1, '7')])).toEqual({ ready: new Set([1]), nextAt: null });
    expect(states.of(delivery(1, '7'))).toEqual({ status: 'late', readAt: null, object: null });
  });

  it('lets it go at once where nothing can be read in time', () => {
    const states = open();
    readableAt = NOW + WAIT_MS + 1;
    expect(states.ready([key(1, '7')]).ready).toEqual(new Set([1]));
    readableAt = Number.POSITIVE_INFINITY;
    expect(states.ready([key(2, '8')]).ready).toEqual(new Set([2]));
    // What is under way may bring it.
    reading = true;
    expect(states.ready([key(3, '9')]).ready.size).toBe(0);
    reading = false;
    readableAt = NOW + WAIT_MS;
    expect(states.ready([key(4, '10')]).ready.size).toBe(0);
  });

  it('counts the time from when anything could be published', () => {
    const states = open();
    now = NOW + 60_000;
    states.resumed();
    expect(states.ready([key(1, '7')])).toEqual({ ready: new Set(), nextAt: now + WAIT_MS });
  });

  it('is not misled by a clock that was set back', () => {
    const states = open();
    expect(states.ready([key(1, '7', { since: NOW + 3_600_000 })]).nextAt).toBe(NOW + WAIT_MS);
    wants[0]?.settle(readAs({ id: 7 }));
    expect(states.ready([key(1, '7', { since: NOW + 3_600_000 })]).ready).toEqual(new Set([1]));
  });

  it('reads again what was read too long ago, and waits for that once', () => {
    const states = open();
    states.ready([key(1, '7')]);
    wants[0]?.settle(readAs({ id: 7 }));
    // Published it could not be: the broker was away.
    now = NOW + 300_000;
    expect(states.ready([key(1, '7')])).toEqual({ ready: new Set(), nextAt: now + WAIT_MS });
    now += WAIT_MS;
    expect(states.ready([key(1, '7')]).ready).toEqual(new Set([1]));
    // Better than nothing: it says of when it is.
    expect(states.of(delivery(1, '7'))?.readAt).toBe('2023-11-14T22:13:20.000Z');
  });

  it.each([
    ['gone', { status: 'gone', beganAt: NOW }, 'gone'],
    ['unreadable', { status: 'unreadable', beganAt: NOW }, 'unreadable'],
    ['unsupported', { status: 'unsupported', beganAt: NOW }, 'unsupported'],
    [
      'a right that is missing',
      { status: 'failed', error: new PortalMisconfigured({ method: 'x', code: 'insufficient_scope' }) },
      'unreadable',
    ],
    ['a failure', { status: 'failed', error: new PortalUnreachable({ method: 'x', code: 'y' }) }, 'late'],
    ['a refusal', { status: 'failed', error: new RequestRefused({ method: 'x', code: 'y' }) }, 'late'],
    ['too much', { status: 'read', object: { title: 'ж'.repeat(500) }, beganAt: NOW }, 'too_large'],
    [
      'too deep',
      {
        status: 'read',
        object: { a: JSON.parse('['.repeat(200) + ']'.repeat(200)) as unknown },
        beganAt: NOW,
      },
      'too_large',
    ],
  ] as [string, ObjectRead, string][])('says what became of it: %s', (_what, read, status) => {
    const states = open();
    states.ready([key(1, '7')]);
    wants[0]?.settle(read);
    expect(states.ready([key(1, '7')]).ready).toEqual(new Set([1]));
    expect(states.of(delivery(1, '7'))).toMatchObject({ status, object: null });
    expect(stateMemory.inHand).toBe(0);
  });

  it('reads nothing for a delete, for other types, or for what has no number', () => {
    const states = open(['crm.deal', 'crm.dynamic-item']);
    const others = [
      key(1, '7', { event: 'ONCRMDEALDELETE' }),
      key(2, '7', { event: 'ONCRMLEADUPDATE' }),
      key(3, '7', { event: 'ONTASKUPDATE' }),
      key(4, 'C_7'),
      key(5, ''),
    ];
    expect(states.ready(others)).toEqual({ ready: new Set([1, 2, 3, 4, 5]), nextAt: null });
    expect(wants).toEqual([]);
    expect(states.of(delivery(1, '7', { event: 'ONCRMDEALDELETE' }))?.status).toBe('gone');
    expect(states.of(delivery(2, '7', { event: 'ONCRMLEADUPDATE' }))).toBeNull();
    expect(states.of(delivery(3, '7', { event: 'ONTASKUPDATE' }))).toBeNull();
    expect(states.of(delivery(4, 'C_7'))?.status).toBe('unsupported');
    states.ready([
      key(6, '9', { event: 'ONCRMDYNAMICITEMADD', data: { FIELDS: { ID: '9', ENTITY_TYPE_ID: '134' } } }),
    ]);
    expect(wants).toMatchObject([{ entityTypeId: 134, id: '9' }]);
    expect(open(['*']).of(delivery(3, '7', { event: 'ONTASKUPDATE' }))?.status).toBe('unsupported');
  });

  it('asks for the fields of the settings', () => {
    const states = open(['*'], 'crm.deal:title;crm.contact:*');
    states.ready([
      key(1, '7'),
      key(2, '7', { event: 'ONCRMCONTACTADD' }),
      key(3, '7', { event: 'ONCRMLEADADD' }),
    ]);
    expect(wants[0]?.select).toEqual(['id', 'title']);
    expect(wants[1]?.select).toEqual(['*']);
    expect(wants[2]?.select).toContain('stageId');
  });

  it('has no more in hand than there is room for: then events are late, and nothing more is read', () => {
    const states = open(['crm.deal'], '', 100_000);
    const large = (id: number) => readAs({ id, title: 'x'.repeat(3000) });
    states.ready([key(1, '1'), key(2, '2')]);
    wants[0]?.settle(large(1));
    wants[1]?.settle(large(2));
    expect(states.ready([key(1, '1'), key(2, '2')]).ready).toEqual(new Set([1, 2]));
    expect([1, 2].map((seq) => states.of(delivery(seq, String(seq)))?.status)).toEqual(['read', 'late']);
    expect(stateMemory.inHand).toBeLessThanOrEqual(10_000);
    stateMemory.take(10_000 - stateMemory.inHand);
    expect(states.ready([key(3, '3')]).ready.size).toBe(0);
    expect(wants).toHaveLength(2);
    now = NOW + WAIT_MS;
    expect(states.ready([key(3, '3')]).ready).toEqual(new Set([3]));
  });

  it('gives a snapshot’s events what their page said, whatever the settings, and reads again after a crash', () => {
    const states = open([]);
    expect(states.active).toBe(false);
    const snapshot = { event: 'crm.deal.snapshot', origin: 'snapshot' as const };
    expect(states.meets([delivery(9, '9')])).toBe(false);
    expect(states.meets([delivery(9, '9'), delivery(1, '7', snapshot)])).toBe(true);
    expect(states.active).toBe(true);
    states.known({ name: 'crm.deal', entityTypeId: 2, id: '7' }, { id: 7 }, NOW - 5);
    expect(states.ready([key(1, '7', snapshot)]).ready).toEqual(new Set([1]));
    expect(states.of(delivery(1, '7', snapshot))).toMatchObject({ status: 'read', object: { id: 7 } });
    // The portal's own event of the object needs no state by these settings.
    expect(states.of(delivery(2, '7'))).toBeNull();
    states.ready([key(3, '8', snapshot)]);
    expect(wants).toMatchObject([{ id: '8', priority: 'snapshot' }]);
    // Its retry is read anew, whatever else of the object is in hand.
    states.ready([key(4, '8', snapshot)]);
    wants[0]?.settle(readAs({ id: 8 }, NOW));
    states.done([3]);
    now = NOW + 500;
    const retry = { ...snapshot, attempt: 2, since: NOW + 400 };
    expect(states.ready([key(4, '8', snapshot), key(3, '8', retry)]).ready).toEqual(new Set([4]));
    expect(wants).toHaveLength(2);
    states.done([1, 3, 4]);
    expect(stateMemory.inHand).toBe(0);
  });

  it('is asked about nothing where a snapshot’s last event is published, until one comes again', () => {
    const states = open([]);
    const snapshot = { event: 'crm.deal.snapshot', origin: 'snapshot' as const };
    states.meets([delivery(1, '7', snapshot)]);
    now += 100_000;
    // It still waits for its object.
    states.ready([key(1, '7', snapshot)]);
    now += 100_000;
    expect(states.active).toBe(true);
    states.ready([key(2, '8')]);
    now += 100_000;
    expect(states.active).toBe(false);
    expect(states.meets([delivery(2, '8')])).toBe(false);
    expect(states.meets([delivery(1, '7', { ...snapshot, attempt: 3 })])).toBe(true);
    expect(states.active).toBe(true);
  });

  it('waits for nothing after its end, and has given everything back', () => {
    const states = open();
    states.ready([key(1, '7'), key(2, '8')]);
    wants[0]?.settle(readAs({ id: 7 }));
    states.stop();
    expect(stateMemory.inHand).toBe(0);
    expect(calledOff).toEqual(['8']);
    expect(states.ready([key(2, '8')]).ready).toEqual(new Set([2]));
  });
});
