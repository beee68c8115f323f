import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyText } from '../../test/support/any-text.js';
import { parseJson } from '../json/exact-json.js';
import { type ExactNumber } from '../json/exact-number.js';
import {
  decodeCorrelationId,
  encodeDeadEvent,
  encodeEvent,
  type EncodedEvent,
  eventId,
  type EventFacts,
  originOfRow,
  parseEventId,
  UnencodableEvent,
} from './event.js';
import { type EventEnvelope } from './event-hooks.js';
import { readReturnedEvent } from './returned-event.js';
import { inForm } from '../../test/support/form.js';

const REPLIES = 'bitrix24.replies';
const ROUTING_KEY = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/;

const facts: EventFacts = {
  memberId: 'a223c6b3710f85df22e9377d6c4f7553',
  portal: 'acme',
  source: 'https://acme.bitrix24.com',
  processId: 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6',
  messageId: 'b0c7f7c2a3f1e4d5c6b7a8f9e0d1c2b3',
  rowId: '17',
  changedAt: 1721298751,
  event: 'ONCRMDEALUPDATE',
  data: { FIELDS: { ID: '123' } },
  userId: '1',
  attempt: 1,
};

function bodyOf(encoded: EncodedEvent): Record<string, unknown> {
  return JSON.parse(encoded.body.toString()) as Record<string, unknown>;
}

function refusal(part: Partial<EventFacts>, replyTo = REPLIES): string {
  try {
    encodeEvent({ ...facts, ...part }, replyTo);
  } catch (error) {
    expect(error).toBeInstanceOf(UnencodableEvent);
    return (error as UnencodableEvent).reason;
  }
  throw new Error('nothing was refused');
}

function expectPublishable({ routingKey, properties }: EncodedEvent): void {
  expect(routingKey).toMatch(ROUTING_KEY);
  const { messageId, correlationId, replyTo, type } = properties;
  const texts = [routingKey, messageId, correlationId, replyTo, type];
  expect(texts.filter((text) => Buffer.byteLength(text) > 255)).toEqual([]);
  expect(decodeCorrelationId(correlationId)).not.toBeNull();
  expect(Number.isSafeInteger(properties.timestamp) && properties.timestamp >= 0).toBe(true);
}

describe('numbers that JavaScript cannot hold', () => {
  const encode = (data: string, hooks = {}) =>
    encodeEvent({ ...facts, data: parseJson(data) }, REPLIES, hooks);
  const textOf = (encoded: EncodedEvent) => encoded.body.toString();

  it.each(['9007199254740993', '123456789012345678901', '1.0', '100.00', '1e400', '-0', '1E5'])(
    'reach the consumer as they came, in the subject too: %s',
    (number) => {
      const data = `{"FIELDS":{"ID":${number},"LIST":[1,${number},"${number}"]}}`;
      const text = textOf(encode(data));
      expect(text).toContain(`"data":{"event":"ONCRMDEALUPDATE","data":${data},"userId":"1"}`);
      expect(text).toContain(`"subject":"crm.deal/${number}"`);
      const dead = encodeDeadEvent({ ...facts, data: parseJson(data) }, REPLIES, 'why', 5);
      expect(textOf(dead)).toContain(data);
    },
  );

  it('may be all that there is', () => {
    expect(textOf(encode('1.0'))).toContain('"data":{"event":"ONCRMDEALUPDATE","data":1.0,"userId":"1"}');
  });

  it('pass through hooks, and may be attributes where they are whole', () => {
    const envelope = (event: EventEnvelope): EventEnvelope => {
      const { data } = event.data as { data: { FIELDS: { ID: ExactNumber } } };
      return {
        ...event,
        data: { id: data.FIELDS.ID, double: Number(data.FIELDS.ID) * 2 },
        dealid: data.FIELDS.ID,
      };
    };
    const text = textOf(encode('{"FIELDS":{"ID":9007199254740993}}', { envelope }));
    expect(text).toContain('"data":{"id":9007199254740993,"double":18014398509481984}');
    expect(text).toContain('"dealid":9007199254740993');
    expect(() => encode('{"FIELDS":{"ID":1.50}}', { envelope })).toThrow(UnencodableEvent);
  });
});

describe('encodeEvent', () => {
  it('writes the envelope, key and properties of the contract', () => {
    const encoded = encodeEvent(facts, REPLIES);
    expect(encoded.routingKey).toBe('acme.crm.deal.update');
    expect(encoded.body.toString()).toBe(
      JSON.stringify({
        specversion: '1.0',
        id: 'a223c6b3710f85df22e9377d6c4f7553-17-1721298751',
        source: 'https://acme.bitrix24.com',
        type: 'ONCRMDEALUPDATE',
        subject: 'crm.deal/123',
        time: '2024-07-18T10:32:31Z',
        datacontenttype: 'application/json',
        portal: 'acme',
        memberid: 'a223c6b3710f85df22e9377d6c4f7553',
        processid: 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6',
        messageid: 'b0c7f7c2a3f1e4d5c6b7a8f9e0d1c2b3',
        attempt: 1,
        pattern: 'acme.crm.deal.update',
        data: { event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: '123' } }, userId: '1' },
      }),
    );
    expect(encoded.properties).toEqual({
      contentType: 'application/cloudevents+json',
      messageId: 'a223c6b3710f85df22e9377d6c4f7553-17-1721298751',
      correlationId:
        'a223c6b3710f85df22e9377d6c4f7553:a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6:1:b0c7f7c2a3f1e4d5c6b7a8f9e0d1c2b3',
      replyTo: 'bitrix24.replies',
      type: 'ONCRMDEALUPDATE',
      timestamp: 1721298751,
      appId: 'bitrix24-offline-bridge',
      persistent: true,
      headers: { 'x-portal': 'acme', 'x-attempt': 1, 'x-subject': 'crm.deal/123' },
    });
  });

  it("has the subject as a header too, the hook's where there is one, cut where it is too long, none where there is none", () => {
    const headersOf = (data: unknown, subject?: string) =>
      encodeEvent({ ...facts, data }, REPLIES, {
        ...(subject === undefined ? {} : { envelope: (event) => ({ ...event, subject }) }),
      }).properties.headers['x-subject'];
    expect(headersOf({ FIELDS: { ID: '7' } }, 'order/5')).toBe('order/5');
    expect(headersOf({ FIELDS: { ID: 'ш'.repeat(200) } })).toBe(`crm.deal/${'ш'.repeat(123)}`);
    expect(headersOf({ FIELDS: {} })).toBeUndefined();
  });

  it('says where an event comes from that no row has announced, before its data', () => {
    const snapshot: EventFacts = {
      ...facts,
      processId: 'snapshot-3',
      messageId: 'crm.deal/123',
      rowId: 's3x2x123',
      event: 'crm.deal.snapshot',
      userId: null,
      origin: 'snapshot',
    };
    const encoded = encodeEvent(snapshot, REPLIES);
    expectPublishable(encoded);
    expect(encoded.routingKey).toBe('acme.crm.deal.snapshot');
    expect(Object.keys(bodyOf(encoded)).slice(-2)).toEqual(['origin', 'data']);
    expect(bodyOf(encoded)).toMatchObject({
      id: `${facts.memberId}-s3x2x123-1721298751`,
      subject: 'crm.deal/123',
      origin: 'snapshot',
      pattern: 'acme.crm.deal.snapshot',
    });
    expect(parseEventId(encoded.properties.messageId)).toEqual({
      memberId: facts.memberId,
      rowId: 's3x2x123',
      changedAt: facts.changedAt,
    });
    expect(originOfRow('s3x2x123')).toBe('snapshot');
    expect(originOfRow('r17')).toBe('reconciled');
    expect(originOfRow('17')).toBeNull();
    expect(bodyOf(encodeEvent(facts, REPLIES))).not.toHaveProperty('origin');
  });

  it('has the routing key that was asked for, and comes back with it', () => {
    const asked: EventFacts = {
      ...facts,
      rowId: 's3x2x123',
      event: 'crm.deal.snapshot',
      origin: 'snapshot',
      routingKey: 'acme.crm.deal.first-load',
    };
    const encoded = encodeEvent(asked, REPLIES);
    expect([encoded.routingKey, bodyOf(encoded)['pattern']]).toEqual(Array(2).fill(asked.routingKey));
    const { portal, source, ...returned } = asked;
    expect([portal, source]).toEqual(['acme', 'https://acme.bitrix24.com']);
    expect(readReturnedEvent(encoded.body, undefined)).toEqual(returned);
    const standard = encodeEvent({ ...asked, routingKey: null }, REPLIES);
    expect(readReturnedEvent(standard.body, undefined)).toEqual({ ...returned, routingKey: null });
    // Whatever a hook made of the key of an ordinary event is made again.
    const own = encodeEvent(facts, REPLIES, { routingKey: () => 'my.key' });
    expect(readReturnedEvent(own.body, undefined)).not.toHaveProperty('routingKey');
  });

  it.each(['m-s1x2-1', 'm-sx2x3-1', 'm-x1-1', 'm-s1x2x3x4-1', 'm-t1-1', 'm-s-1'])(
    'never gave an event the id %s',
    (id) => {
      expect(parseEventId(id)).toBeNull();
    },
  );

  it('keeps the id over attempts and batches', () => {
    const again = encodeEvent({ ...facts, attempt: 3, processId: 'journal-7' }, REPLIES);
    expect(again.properties.messageId).toBe(eventId(facts.memberId, facts.rowId, facts.changedAt));
    expect(bodyOf(again)).toMatchObject({
      id: again.properties.messageId,
      attempt: 3,
      processid: 'journal-7',
    });
    expect(again.properties.headers['x-attempt']).toBe(3);
  });

  it.each<[unknown, unknown]>([
    [false, null],
    [null, null],
    [undefined, null],
    [[], {}],
    [{}, {}],
    ['text', 'text'],
    [0, 0],
    ['', ''],
    [
      [1, []],
      [1, []],
    ],
  ])('writes the data %j as %j', (data, written) => {
    expect(bodyOf(encodeEvent({ ...facts, data }, REPLIES))['data']).toEqual({
      event: 'ONCRMDEALUPDATE',
      data: written,
      userId: '1',
    });
  });

  it('writes that nobody caused an event', () => {
    expect(bodyOf(encodeEvent({ ...facts, userId: null }, REPLIES))['data']).toMatchObject({ userId: null });
  });

  it.each<[unknown, string]>([
    [{ FIELDS: { ID: '123' } }, 'crm.deal/123'],
    [{ FIELDS: { ID: 123 } }, 'crm.deal/123'],
    [{ FIELDS: { ID: 0 } }, 'crm.deal/0'],
    [{ FIELDS_AFTER: { ID: 5 }, FIELDS_BEFORE: { ID: 4 } }, 'crm.deal/5'],
    [{ FIELDS_BEFORE: { ID: 4 }, FIELDS_AFTER: 'undefined' }, 'crm.deal/4'],
    [{ FIELDS: { ID: '1' }, ID: '2' }, 'crm.deal/1'],
    [{ FIELDS: { ID: ['1'] }, ID: '2' }, 'crm.deal/2'],
    [{ FIELDS: [], id: 'C2:NEW' }, 'crm.deal/C2:NEW'],
    [{ ID: '2', id: '3' }, 'crm.deal/2'],
  ])('finds the subject in %j', (data, subject) => {
    expect(bodyOf(encodeEvent({ ...facts, data }, REPLIES))['subject']).toBe(subject);
  });

  it.each([
    false,
    null,
    [],
    {},
    'ID',
    7,
    { FIELDS: null },
    { FIELDS: { ID: null } },
    { FIELDS: { ID: '' } },
    { FIELDS: { ID: { ID: '1' } } },
    { FIELDS: { ID: true } },
    { FIELDS: { id: '1' } },
    { FIELDS: 'ID' },
    { ID: [1] },
    JSON.parse('{"__proto__":{"ID":"1"}}') as unknown,
  ])('names no subject for %j', (data) => {
    expect(bodyOf(encodeEvent({ ...facts, data }, REPLIES))).not.toHaveProperty('subject');
  });

  it('names the smart process in key and subject', () => {
    const encoded = encodeEvent({ ...facts, event: 'ONCRMDYNAMICITEMADD_134' }, REPLIES);
    expect(encoded.routingKey).toBe('acme.crm.dynamic-item-134.add');
    expect(bodyOf(encoded)).toMatchObject({
      subject: 'crm.dynamic-item-134/123',
      pattern: 'acme.crm.dynamic-item-134.add',
    });
  });

  it.each([
    [0, '1970-01-01T00:00:00Z'],
    [253_402_300_799, '9999-12-31T23:59:59Z'],
  ])('writes the second %d as %s', (changedAt, time) => {
    expect(bodyOf(encodeEvent({ ...facts, changedAt }, REPLIES))['time']).toBe(time);
  });

  it('keeps any message id that fits', () => {
    const messageId = '__proto__:"\0\n' + '語'.repeat(50);
    const encoded = encodeEvent({ ...facts, messageId }, REPLIES);
    expect(bodyOf(encoded)['messageid']).toBe(messageId);
    expect(decodeCorrelationId(encoded.properties.correlationId)?.messageId).toBe(messageId);
  });

  it.each<[Partial<EventFacts>, string]>([
    [{ messageId: '語'.repeat(100) }, 'the correlation id takes 368 bytes, AMQP allows 255'],
    [{ event: 'X'.repeat(250) }, 'the routing key takes 267 bytes, AMQP allows 255'],
    [{ portal: 'a'.repeat(240) }, 'the routing key takes 256 bytes, AMQP allows 255'],
    [{ event: '語'.repeat(100) }, 'the event code takes 300 bytes, AMQP allows 255'],
    [{ rowId: '1'.repeat(300) }, 'the event id takes 344 bytes, AMQP allows 255'],
    [{ event: '' }, 'the event has no code'],
    [{ portal: '' }, 'the portal name is not a word of a-z, 0-9 and -'],
    [{ portal: 'a.b' }, 'the portal name is not a word of a-z, 0-9 and -'],
    [{ portal: 'acme\n' }, 'the portal name is not a word of a-z, 0-9 and -'],
    [{ portal: '#' }, 'the portal name is not a word of a-z, 0-9 and -'],
    [{ changedAt: NaN }, 'the time of change is not in whole Unix seconds'],
    [{ changedAt: 1.5 }, 'the time of change is not in whole Unix seconds'],
    [{ changedAt: -1 }, 'the time of change is not in whole Unix seconds'],
    [{ changedAt: 1721298751000 }, 'the time of change is not in whole Unix seconds'],
    [{ processId: '' }, 'the process id is empty or holds a colon'],
    [{ data: 1n }, 'the data is not JSON: Do not know how to serialize a BigInt'],
    [{ data: () => 1 }, 'the data is not JSON'],
  ])('refuses %p', (part, reason) => {
    expect(refusal(part)).toBe(reason);
  });

  it('refuses data that holds itself or nests too deep, in one line', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(refusal({ data: circle })).toBe('the data is nested deeper than 500 levels');
    const nested = (levels: number) => {
      let data: unknown = 1;
      for (let n = 0; n < levels; n++) data = n % 2 === 0 ? [data] : { data };
      return data;
    };
    expect(() => encodeEvent({ ...facts, data: nested(500) }, REPLIES)).not.toThrow();
    for (const levels of [501, 5000, 1_000_000])
      expect(refusal({ data: nested(levels) })).toBe('the data is nested deeper than 500 levels');
  });

  it('refuses a reply queue of over 255 bytes', () => {
    expect(refusal({}, 'q'.repeat(256))).toBe('the reply queue takes 256 bytes, AMQP allows 255');
  });
});

describe('encodeDeadEvent', () => {
  it('is the event itself with the reason and the attempts', () => {
    const event = encodeEvent({ ...facts, attempt: 5 }, REPLIES);
    const dead = encodeDeadEvent({ ...facts, attempt: 5 }, REPLIES, 'rejected by queue billing', 5);
    expect(dead.routingKey).toBe(event.routingKey);
    expect(dead.body.equals(event.body)).toBe(true);
    expect(dead.properties).toEqual({
      ...event.properties,
      headers: {
        'x-portal': 'acme',
        'x-attempt': 5,
        'x-subject': 'crm.deal/123',
        'x-bridge-reason': 'rejected by queue billing',
        'x-bridge-attempts': 5,
      },
    });
  });

  it('bounds the reason between characters', () => {
    const dead = encodeDeadEvent(facts, REPLIES, `a${'語'.repeat(1_000_000)}`, 5);
    expect(dead.properties.headers['x-bridge-reason']).toBe(`a${'語'.repeat(333)}`);
  });

  it('takes a message id that fits no correlation id, and keeps it in the body', () => {
    const messageId = '語'.repeat(100);
    const dead = encodeDeadEvent({ ...facts, messageId }, REPLIES, 'why', 1);
    expect(dead.routingKey).toBe('acme.other.unencodable.event');
    expect(dead.properties.correlationId).toMatch(
      /^a223c6b3710f85df22e9377d6c4f7553:a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6:1:sha256-[0-9a-f]{32}$/,
    );
    expect(dead.properties.messageId).toBe(eventId(facts.memberId, facts.rowId, facts.changedAt));
    expect(bodyOf(dead)).toEqual({
      specversion: '1.0',
      id: dead.properties.messageId,
      source: 'https://acme.bitrix24.com',
      type: 'ONCRMDEALUPDATE',
      time: '2024-07-18T10:32:31Z',
      datacontenttype: 'application/json',
      portal: 'acme',
      memberid: facts.memberId,
      processid: facts.processId,
      messageid: messageId,
      attempt: 1,
      pattern: 'acme.other.unencodable.event',
      data: { event: 'ONCRMDEALUPDATE', data: null, userId: '1' },
    });
  });

  it('takes an event whose every fact is unusable', () => {
    const dead = encodeDeadEvent(
      {
        memberId: '::😀'.repeat(1_000),
        portal: 'A.#',
        source: '',
        processId: '',
        messageId: '',
        rowId: '語'.repeat(1_000),
        changedAt: Infinity,
        event: '語'.repeat(10_000),
        data: 1n,
        userId: null,
        attempt: -1,
      },
      'q'.repeat(1_000),
      '',
      0,
    );
    expectPublishable(dead);
    expect(dead.routingKey).toBe('portal--------.other.unencodable.event');
    expect(dead.properties.timestamp).toBe(0);
    expect(bodyOf(dead)).not.toHaveProperty('time');
  });
});

describe('over any facts', () => {
  const text = fc.oneof(
    anyText({ maxLength: 300 }),
    fc.constantFrom('', '__proto__', 'a:b', 'x'.repeat(10_000)),
  );
  const anyFacts: fc.Arbitrary<EventFacts> = fc.record({
    memberId: fc.oneof(fc.constant(facts.memberId), text),
    portal: fc.oneof(fc.stringMatching(/^[a-z0-9-]{1,63}$/), text),
    source: text,
    processId: fc.oneof(fc.constant(facts.processId), text),
    messageId: text,
    rowId: fc.oneof(fc.constant('17'), text),
    changedAt: fc.oneof(fc.constant(facts.changedAt), fc.double()),
    event: fc.oneof(fc.constantFrom('ONCRMDEALADD', 'ONCRMDYNAMICITEMADD_2'), text),
    data: fc.anything({ withBigInt: true }),
    userId: fc.option(text),
    attempt: fc.oneof(fc.constant(1), fc.double()),
  });

  it('an event is publishable or refused', () => {
    let encodedOnes = 0;
    fc.assert(
      fc.property(anyFacts, (some) => {
        try {
          const encoded = encodeEvent(some, REPLIES);
          encodedOnes++;
          expectPublishable(encoded);
          expect(bodyOf(encoded)).toMatchObject({ pattern: encoded.routingKey, messageid: some.messageId });
        } catch (error) {
          expect(error).toBeInstanceOf(UnencodableEvent);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(encodedOnes).toBeGreaterThan(10);
  });

  it('a dead letter is always publishable', () => {
    fc.assert(
      fc.property(anyFacts, text, text, fc.nat(), (some, replyTo, reason, attempts) => {
        const dead = encodeDeadEvent(some, replyTo, reason, attempts);
        expectPublishable(dead);
        expect(bodyOf(dead)['pattern']).toBe(dead.routingKey);
        expect(Buffer.byteLength(dead.properties.headers['x-bridge-reason'] ?? '')).toBeLessThanOrEqual(
          1_000,
        );
      }),
      { numRuns: inForm({ full: 1_000, small: 300 }) },
    );
  });
});
