import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyText } from '../../test/support/any-text.js';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { encodeEvent } from './event.js';
import { readReplies, type Reply, type ReplyMessage } from './reply.js';
import { inForm } from '../../test/support/form.js';

const correlationId = 'member:process:2:message:1';
const target = {
  portal: { memberId: 'member' },
  processId: 'process',
  messageIds: ['message:1'],
  attempt: 2,
};
const event = encodeEvent(
  {
    memberId: 'member',
    portal: 'acme',
    source: 'https://acme.bitrix24.com',
    processId: 'process',
    messageId: 'message:1',
    rowId: '17',
    changedAt: 1721298751,
    event: 'ONCRMDEALUPDATE',
    data: { FIELDS: { ID: '1' } },
    userId: null,
    attempt: 2,
  },
  'bitrix24.replies',
);
const rejected = { 'x-death': [{ reason: 'rejected', queue: 'billing', count: 1 }] };

function message(body: unknown, properties: ReplyMessage['properties'] = {}): ReplyMessage {
  const content = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { content, properties };
}

const failures = 'bitrix24.failures';
/** Most of what is refused here is so for another reason than its size. */
const ROOMY = 1024 * 1024;

/** The one reply of a message. */
function parseReply(given: ReplyMessage): Reply {
  const { replies, fault } = readReplies(given, failures, ROOMY);
  const [reply] = replies;
  if (fault !== null || reply === undefined || replies.length > 1) {
    throw new Error(`${replies.length} replies, and ${fault}`);
  }
  return reply;
}

function refusal(body: unknown, properties: ReplyMessage['properties'] = { correlationId }): string {
  const { replies, fault } = readReplies(message(body, properties), failures, ROOMY);
  expect(replies).toEqual([]);
  return fault ?? 'nothing was refused';
}

describe('a reply to one event', () => {
  it.each([
    [{ status: 'failed', reason: 'no stock' }, 'failed', 'no stock'],
    [{ status: 'failed' }, 'failed', null],
    [{ status: 'failed', reason: null }, 'failed', null],
    [{ status: 'failed', reason: '' }, 'failed', null],
    [{ status: 'processed' }, 'processed', null],
    [{ status: 'processed', extra: [[[{}]]] }, 'processed', null],
    // A stack or a result beside the status does not make it an answer of NestJS.
    [{ status: 'failed', reason: 'x', err: 'stack', response: {} }, 'failed', 'x'],
  ])('%j', (body, outcome, reason) => {
    expect(parseReply(message(body, { correlationId }))).toEqual({ kind: 'single', outcome, reason, target });
  });

  it.each([
    ...['FAILED', 'Failed', ' failed ', 'failure', 'fail', 'error', 'err', 'nack', 'rejected', 'ko', 'NOK'],
    ...[
      'Exception',
      'refused',
      'declined',
      'aborted',
      'invalid',
      'fault',
      'timeout',
      'timed_out',
      'Timed out',
    ],
  ])('takes the status %j for failed', (status) => {
    expect(parseReply(message({ status }, { correlationId }))).toMatchObject({
      kind: 'single',
      outcome: 'failed',
    });
  });

  it.each([
    ...['Processed', 'OK', 'success', 'succeeded', 'successful', 'done', 'ACK', 'complete', 'completed'],
    ...['handled', 'Finished', 'confirmed', 'passed'],
  ])('takes the status %j for processed', (status) => {
    const reply = parseReply(message({ status }, { correlationId }));
    expect(reply).toMatchObject({ kind: 'single', outcome: 'processed' });
  });

  it.each<[unknown, 'processed' | 'failed']>([
    [true, 'processed'],
    ['true', 'processed'],
    [' Yes ', 'processed'],
    [1, 'processed'],
    ['ok', 'processed'],
    [false, 'failed'],
    ['False', 'failed'],
    ['no', 'failed'],
    [0, 'failed'],
    ['failed', 'failed'],
  ])('takes success %j for what it says, beside a reason too', (success, outcome) => {
    for (const body of [{ success }, { ok: success, reason: 'x' }, { success, error: 'x' }])
      expect(parseReply(message(body, { correlationId }))).toMatchObject({ kind: 'single', outcome });
  });

  it.each<[unknown, string | null]>([
    [{ status: 'failed', reason: { code: 42, text: 'x' } }, '{"code":42,"text":"x"}'],
    [{ status: 'failed', reason: ['a', 9007199254740993n] }, '["a",9007199254740993]'],
    [{ status: 'failed', reason: 7 }, '7'],
    [{ status: 'failed', reason: false }, 'false'],
    [{ status: 'error', message: 'x' }, 'x'],
    [{ status: 'failed', error: { code: 1 }, message: 'y' }, '{"code":1}'],
    [{ Status: 'failed', Reason: 'x', message: 'y' }, 'x'],
    // What says nothing makes way for what does.
    [{ status: 'failed', reason: '', error: 'x' }, 'x'],
    [{ status: 'failed', reason: [], error: {}, message: 'x' }, 'x'],
    [{ status: 'failed', error: true, message: 'x' }, 'x'],
    [{ status: 'failed', reason: {}, error: true }, '{}'],
    [{ status: 'failed', err: { code: 7 } }, '{"code":7}'],
    [{ error: 'x' }, 'x'],
    [{ reason: 'x' }, 'x'],
    [{ success: false, message: 'x' }, 'x'],
    [{ status: 'failed', process_id: 'process', reason: 'x' }, 'x'],
    [{ status: 'failed', messageId: 'message:1' }, null],
    [{ status: 'failed', member_id: 'member' }, null],
    [{ pattern: 'reply', data: { status: 'failed', reason: 'x' }, id: '1' }, 'x'],
    [{ pattern: 'reply', data: [{ status: 'failed', reason: 'x' }] }, 'x'],
    [[{ status: 'failed', reason: 'x' }], 'x'],
    [JSON.stringify(JSON.stringify({ status: 'failed' })), null],
  ])('plainly says failed: %j', (body, reason) => {
    const text =
      typeof body === 'string'
        ? body
        : JSON.stringify(body, (_, value: unknown) =>
            typeof value === 'bigint' ? `#${value}#` : value,
          ).replace(/"#(\d+)#"/g, '$1');
    const reply = parseReply(message(text, { correlationId }));
    expect(reply).toEqual({ kind: 'single', outcome: 'failed', reason, target });
  });

  it('may be packed', () => {
    const text = Buffer.from('{"status":"failed"}');
    for (const [contentEncoding, body] of [
      ['gzip', gzipSync(text)],
      ['GZIP', gzipSync(text)],
      [undefined, gzipSync(text)],
      ['x-gzip', gzipSync(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), text]))],
      ['deflate', deflateSync(text)],
      ['deflate', deflateRawSync(text)],
      ['br', brotliCompressSync(text)],
      ['gzip', text],
      ['utf-8', text],
      ['snappy', text],
    ] as const) {
      const reply = parseReply(message(body, { correlationId, contentEncoding }));
      expect([contentEncoding, reply.outcome]).toEqual([contentEncoding, 'failed']);
    }
  });

  it.each<[string, Buffer, string | RegExp]>([
    ['gzip', gzipSync(Buffer.alloc(20_000_000, ' ')), 'the body unpacks to more than 4194304 bytes'],
    ['br', brotliCompressSync(Buffer.alloc(5_000_000, ' ')), 'the body unpacks to more than 4194304 bytes'],
    ['gzip', gzipSync('{"status":"failed"}').subarray(0, 20), 'the body cannot be unpacked as gzip'],
    ['gzip', Buffer.from([1, 2, 3]), 'content_encoding is "gzip", and the body is no gzip'],
    ['br', Buffer.from([1, 2, 3]), 'the body cannot be unpacked as br'],
    ['snappy', Buffer.from([1, 2, 3]), 'content_encoding is "snappy", not gzip, deflate or br'],
  ])('is refused where it cannot be unpacked: %s', (contentEncoding, body, reason) => {
    expect(refusal(body, { correlationId, contentEncoding })).toBe(reason);
  });

  it('may begin with a byte order mark', () => {
    expect(parseReply(message('\ufeff{"status":"processed"}', { correlationId })).outcome).toBe('processed');
  });

  it.each<[unknown, string]>([
    [{ status: 'maybe' }, 'status "maybe" is neither "failed" nor "processed"'],
    [{ STATUS: 'maybe' }, 'STATUS "maybe" is neither "failed" nor "processed"'],
    [{ status: '' }, 'status "" is neither "failed" nor "processed"'],
    [{ status: null }, 'neither status, process_id nor a NestJS answer, and not dead-lettered'],
    [{ status: true }, 'status true is neither "failed" nor "processed"'],
    [{ status: 500 }, 'status 500 is neither "failed" nor "processed"'],
    [{ status: ['failed'] }, 'status a list is neither "failed" nor "processed"'],
    [{ status: { failed: 1 } }, 'status an object is neither "failed" nor "processed"'],
    [{ success: 'perhaps' }, 'success "perhaps" is neither true nor false'],
    [{ ok: 2 }, 'ok 2 is neither true nor false'],
    [{ OK: {}, message: 'x' }, 'OK an object is neither true nor false'],
    [{ message: 'x' }, 'neither status, process_id nor a NestJS answer, and not dead-lettered'],
    [{ status: 'failed', member_id: 'other' }, 'member_id is not that of the correlation id'],
    [
      { status: 'failed', process_id: 'other' },
      'process_id is not that of the correlation id, and there is no message_id',
    ],
    [
      { status: 'failed', messageId: ['message:1', 'b'] },
      'messageId is not that of the correlation id, and there is no process_id',
    ],
  ])('%j is refused', (body, reason) => {
    expect(refusal(body)).toBe(reason);
  });

  it.each<[unknown, string]>([
    [undefined, 'no correlation id'],
    [null, 'no correlation id'],
    ['', 'no correlation id'],
    ['something', 'the correlation id "something" names no event'],
    ['a:b:0:c', 'the correlation id "a:b:0:c" names no event'],
    [7, 'the correlation id 7 names no event'],
    [{ '!': 'x' }, 'the correlation id an object names no event'],
    ['a:b:1:c\0', 'an id holds a NUL character'],
  ])('the correlation id %j is refused', (id, reason) => {
    expect(refusal({ status: 'failed' }, { correlationId: id })).toBe(reason);
  });

  it('keeps the first 1,000 characters of a reason, none of them half', () => {
    const long = parseReply(message({ status: 'failed', reason: 'x'.repeat(1_000_000) }, { correlationId }));
    expect(long.reason).toBe('x'.repeat(1_000));
    const wide = parseReply(
      message({ status: 'failed', reason: `x${'😀'.repeat(5_000)}` }, { correlationId }),
    );
    expect(wide.reason).toBe(`x${'😀'.repeat(499)}`);
  });

  it('makes a reason fit for a database', () => {
    const { reason } = parseReply(message({ status: 'failed', reason: 'a\0b\nc' }, { correlationId }));
    expect(reason).toBe('a\ufffdb\nc');
  });
});

describe('a reply to several events', () => {
  const ids = { member_id: 'member', process_id: 'process', message_id: ['a', 'b'] };
  const several = {
    portal: { memberId: 'member' },
    processId: 'process',
    messageIds: ['a', 'b'],
    attempt: null,
  };

  it.each<[unknown, Partial<Reply>]>([
    [
      { ...ids, status: 'failed', reason: 'down' },
      { outcome: 'failed', reason: 'down', target: several },
    ],
    [
      { ...ids, status: 'processed' },
      { outcome: 'processed', reason: null, target: several },
    ],
    [ids, { outcome: 'failed', reason: null, target: several }],
    [
      { ...ids, status: null },
      { outcome: 'failed', reason: null, target: several },
    ],
    [{ ...ids, message_id: ['a', 'b', 'a'] }, { target: several }],
    [{ ...ids, message_id: 'a' }, { target: { ...several, messageIds: ['a'] } }],
    [{ ...ids, message_id: [7, 'b'] }, { target: { ...several, messageIds: ['7', 'b'] } }],
    [{ ...ids, message_id: 7, process_id: 8 }, { target: { ...several, processId: '8', messageIds: ['7'] } }],
    [
      { ...ids, message_id: ['__proto__', ' :\n'] },
      { target: { ...several, messageIds: ['__proto__', ' :\n'] } },
    ],
    [{ ...ids, portal: 'acme' }, { target: several }],
    [{ ...ids, member_id: null, portal: 'acme' }, { target: { ...several, portal: { name: 'acme' } } }],
  ])('%j', (body, reply) => {
    expect(parseReply(message(body))).toMatchObject({ kind: 'group', ...reply });
  });

  it.each<[unknown, Partial<Reply>]>([
    [{ memberId: 'member', processId: 'process', messageId: ['a', 'b'] }, { target: several }],
    [{ memberid: 'member', processid: 'process', messageid: ['a', 'b'] }, { target: several }],
    [{ MEMBER_ID: 'member', ProcessID: 'process', message_ids: ['a', 'b'] }, { target: several }],
    [
      { memberId: 'x', member_id: 'member', process_id: 'process', message_id: ['a', 'b'] },
      { target: several },
    ],
    [
      { portal: 'https://ACME.bitrix24.com:443/', process_id: 'process', message_id: 'a', error: 'x' },
      {
        reason: 'x',
        target: { ...several, portal: { name: 'https://ACME.bitrix24.com:443/' }, messageIds: ['a'] },
      },
    ],
    [[{ ...ids, status: 'ok' }], { outcome: 'processed', target: several }],
    [
      { ...ids, success: true },
      { outcome: 'processed', target: several },
    ],
    [
      { ...ids, success: 'true' },
      { outcome: 'processed', target: several },
    ],
    [
      { ...ids, ok: 1 },
      { outcome: 'processed', target: several },
    ],
    [
      { ...ids, ok: 'perhaps' },
      { outcome: 'failed', target: several },
    ],
  ])('is forgiven its form: %j', (body, reply) => {
    expect(parseReply(message(body))).toMatchObject({ kind: 'group', ...reply });
  });

  it('has the member id of its correlation id where it names no portal', () => {
    const { member_id: _, ...rest } = ids;
    expect(parseReply(message(rest, { correlationId: 'member:process:1:a' })).target).toEqual(several);
  });

  it('takes digits as they are', () => {
    const body = '{"member_id":"member","process_id":9007199254740993,"message_id":[-7]}';
    expect(parseReply(message(body)).target).toMatchObject({
      processId: '9007199254740993',
      messageIds: ['-7'],
    });
  });

  it('needs no correlation id, and heeds none', () => {
    expect(parseReply(message(ids, { correlationId: 'a:b:1:c' })).target).toEqual(several);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ message_id: undefined }, 'no message_id'],
    [{ message_id: null }, 'no message_id'],
    [{ message_id: [] }, 'message_id is an empty list'],
    [{ message_id: [''] }, 'message_id is "", not a text of 1 to 255 characters'],
    [{ message_id: ['a', ['b']] }, 'message_id is a list, not a text of 1 to 255 characters'],
    [{ message_id: ['a', null] }, 'message_id is null, not a text of 1 to 255 characters'],
    [{ message_id: { 0: 'a' } }, 'message_id is an object, not a text of 1 to 255 characters'],
    [{ message_id: true }, 'message_id is true, not a text of 1 to 255 characters'],
    [{ message_id: 1e300 }, 'message_id is 1e+300, not a text of 1 to 255 characters'],
    [{ message_id: 1.5 }, 'message_id is 1.5, not a text of 1 to 255 characters'],
    [{ message_id: 'a\0' }, 'message_id is "a\\u0000", not a text of 1 to 255 characters'],
    [{ message_id: 'x'.repeat(256) }, `message_id is "${'x'.repeat(79)}…, not a text of 1 to 255 characters`],
    [{ process_id: '' }, 'process_id is "", not a text of 1 to 255 characters'],
    [{ process_id: null }, 'no process_id'],
    [{ member_id: undefined }, 'neither member_id nor portal'],
    [{ member_id: '', portal: 'acme' }, 'member_id is "", not a text of 1 to 255 characters'],
    [{ member_id: null, portal: ['acme'] }, 'portal is a list, not a text of 1 to 255 characters'],
    [{ status: 'maybe' }, 'status "maybe" is neither "failed" nor "processed"'],
  ])('with %j is refused', (part, reason) => {
    expect(refusal({ ...ids, ...part }, {})).toBe(reason);
  });

  it('takes 10,000 ids and no more', () => {
    const message_id = Array.from({ length: 10_000 }, (_, n) => `id-${n}`);
    expect(parseReply(message({ ...ids, message_id })).target.messageIds).toEqual(message_id);
    expect(refusal({ ...ids, message_id: [...message_id, 'more'] })).toBe(
      'message_id lists 10001 ids, more than 10000',
    );
  });
});

describe('an answer of a NestJS server', () => {
  it.each<[unknown, string, string | null]>([
    [{ isDisposed: true }, 'processed', null],
    [{ response: { status: 'failed' }, isDisposed: true }, 'processed', null],
    [{ response: null, err: null, isDisposed: true }, 'processed', null],
    [{ err: 'boom', isDisposed: true }, 'failed', 'boom'],
    [{ err: '', isDisposed: true }, 'failed', null],
    [
      { err: { status: 'error', message: 'Internal server error' }, isDisposed: true },
      'failed',
      'Internal server error',
    ],
    [
      { err: { message: ['a must be b', 7, 'c is empty'] }, isDisposed: true },
      'failed',
      'a must be b; c is empty',
    ],
    [{ err: { code: 42 }, isDisposed: true }, 'failed', '{"code":42}'],
    [{ err: { message: '' }, isDisposed: true }, 'failed', '{"message":""}'],
    [{ err: [], isDisposed: true }, 'failed', '[]'],
    [{ err: 5, isDisposed: true }, 'failed', '5'],
    [{ id: 'x', err: 'no handler', status: 'error' }, 'failed', 'no handler'],
    [{ response: 1 }, 'partial', null],
    [{ response: 1, isDisposed: false }, 'partial', null],
    [{ response: { isDisposed: true } }, 'partial', null],
    [{ err: 'boom' }, 'partial', null],
    [{}, 'partial', null],
  ])('%j', (body, outcome, reason) => {
    expect(parseReply(message(body, { correlationId }))).toEqual({ kind: 'nest', outcome, reason, target });
  });

  it('keeps the first 1,000 characters of any error', () => {
    const errors = [
      'x'.repeat(5_000),
      { message: 'x'.repeat(5_000) },
      { message: Array(5_000).fill('x') },
      Array(5_000).fill(1),
    ];
    for (const err of errors) {
      expect(parseReply(message({ err, isDisposed: true }, { correlationId })).reason).toHaveLength(1_000);
    }
  });

  it.each<[unknown, string]>([
    [{ isDisposed: 'true' }, 'isDisposed is "true", not true or false'],
    [{ isDisposed: 1 }, 'isDisposed is 1, not true or false'],
    [{ isDisposed: null, err: 'x' }, 'isDisposed is null, not true or false'],
  ])('%j is refused', (body, reason) => {
    expect(refusal(body)).toBe(reason);
  });

  it.each([{ isDisposed: true }, { response: 1 }, { err: 'x', isDisposed: true }, {}])(
    '%j is refused without a correlation id',
    (body) => {
      expect(refusal(body, {})).toBe('no correlation id');
    },
  );
});

describe('a dead-lettered event', () => {
  it.each([
    ['rejected', 'rejected by queue billing'],
    ['expired', 'expired in queue billing'],
    ['delivery_limit', 'delivery_limit in queue billing'],
    ['maxlen', 'maxlen in queue billing'],
  ])('%s', (why, reason) => {
    const headers = {
      'x-death': [
        { reason: why, queue: 'billing' },
        { reason: 'expired', queue: 'older' },
      ],
    };
    const reply = { kind: 'dead_letter', outcome: 'failed', reason, target };
    expect(parseReply(message(event.body, { correlationId, headers }))).toEqual(reply);
  });

  it('is told from its body where the correlation id is gone or foreign', () => {
    for (const id of [undefined, null, 'rpc-17', 5, {}]) {
      expect(parseReply(message(event.body, { correlationId: id, headers: rejected })).target).toEqual(
        target,
      );
    }
  });

  it('is told from its correlation id whatever became of its body', () => {
    for (const body of ['', 'not json', Buffer.from([0xff]), '[]', { some: 'other' }]) {
      const reply = parseReply(message(body, { correlationId, headers: rejected }));
      expect(reply).toEqual({
        kind: 'dead_letter',
        outcome: 'failed',
        reason: 'rejected by queue billing',
        target,
      });
    }
  });

  it.each<[unknown, string]>([
    ['rejected', 'dead-lettered'],
    [[], 'dead-lettered'],
    [{}, 'dead-lettered'],
    [[null], 'dead-lettered'],
    [[{ queue: 'billing' }], 'dead-lettered'],
    [[{ reason: {}, queue: 'billing' }], 'dead-lettered'],
    [[{ reason: 'rejected', queue: 7 }], 'rejected'],
    [[{ reason: 'new_reason', queue: 'q' }], 'new_reason in queue q'],
    [[{ reason: 'r'.repeat(2_000), queue: 'q' }], 'r'.repeat(1_000)],
  ])('has failed whatever x-death says: %j', (deaths, reason) => {
    const reply = parseReply(message(event.body, { correlationId, headers: { 'x-death': deaths } }));
    expect(reply).toMatchObject({ kind: 'dead_letter', outcome: 'failed', reason });
  });

  it.each<[unknown, string]>([
    ['', 'the body is empty'],
    ['{', 'the body is not JSON: "{"'],
    [{ some: 'other' }, 'its body is no event of the bridge'],
    [{ specversion: '1.0', memberid: 'm', processid: 'p' }, 'its body is no event of the bridge'],
    [
      { specversion: '1.0', memberid: 'm', processid: 'p', messageid: '', attempt: 1 },
      'its body is no event of the bridge',
    ],
    [
      { specversion: '1.0', memberid: 'm', processid: 7, messageid: 'x', attempt: 1 },
      'its body is no event of the bridge',
    ],
    [
      { specversion: '1.0', memberid: 'm', processid: 'p', messageid: 'x', attempt: '1' },
      'its body is no event of the bridge',
    ],
    [
      { specversion: '1.0', memberid: 'm', processid: 'p', messageid: 'x', attempt: -1 },
      'its body is no event of the bridge',
    ],
  ])('is refused where nothing names it: %j', (body, why) => {
    expect(refusal(body, { headers: rejected })).toBe(
      `dead-lettered without a usable correlation id, and ${why}`,
    );
  });

  it('is not what a reply becomes on its way through a delay queue', () => {
    const expired = { 'x-death': [{ reason: 'expired', queue: 'delay' }] };
    const outcomeOf = (body: unknown) => parseReply(message(body, { correlationId, headers: expired }));
    expect(outcomeOf({ status: 'processed' })).toMatchObject({ kind: 'single', outcome: 'processed' });
    expect(outcomeOf({ isDisposed: true })).toMatchObject({ kind: 'nest', outcome: 'processed' });
    expect(
      outcomeOf({ portal: 'acme', process_id: 'p', message_id: 'm', status: 'processed' }),
    ).toMatchObject({
      kind: 'group',
      outcome: 'processed',
    });
  });
});

describe('an event that a person publishes again', () => {
  const fields = { exchange: failures };
  const reply = { kind: 'dead_letter', outcome: 'failed', reason: `published to ${failures}`, target };

  it('has failed, named by its correlation id or by its body', () => {
    for (const properties of [{ correlationId }, {}, { correlationId: 'rpc-17' }]) {
      expect(parseReply({ ...message(event.body, properties), fields })).toEqual(reply);
    }
    for (const body of ['', 'not json', { some: 'other' }]) {
      expect(parseReply({ ...message(body, { correlationId }), fields })).toEqual(reply);
    }
  });

  it('says what it says where a status was added', () => {
    const body = { ...(JSON.parse(event.body.toString()) as object), status: 'failed', reason: 'x' };
    const said = { kind: 'single', outcome: 'failed', reason: 'x', target };
    expect(parseReply(message(body))).toEqual(said);
    expect(parseReply({ ...message(body, { correlationId }), fields: { exchange: '' } })).toEqual(said);
  });

  it('is no reason to take a reply for anything else', () => {
    expect(parseReply({ ...message({ status: 'processed' }, { correlationId }), fields }).outcome).toBe(
      'processed',
    );
  });
});

describe('a list of replies', () => {
  const one = { member_id: 'member', process_id: 'process', message_id: 'a' };

  it('is read one by one, whatever stands between', () => {
    const body = [{ ...one, status: 'failed' }, { ...one, status: 'maybe' }, 7, { ...one, status: 'ok' }];
    const { replies, fault } = readReplies(message(body), failures);
    expect(replies.map(({ outcome }) => outcome)).toEqual(['failed', 'processed']);
    expect(fault).toBe('reply 2 of 4: status "maybe" is neither "failed" nor "processed"');
  });

  it('has 10,000 items and no more, whatever they say', () => {
    const one = { member_id: 'm', process_id: 'p', message_id: 'i' };
    const list = (nonsense: number) => message([...Array.from({ length: nonsense }, () => ({})), one, one]);
    expect(readReplies(list(9998), failures, ROOMY).replies).toHaveLength(2);
    expect(readReplies(list(9999), failures, ROOMY).replies).toHaveLength(1);
    const { stackTraceLimit } = Error;
    expect(readReplies(list(100_000), failures, ROOMY)).toEqual({
      replies: [],
      fault: expect.stringMatching(/^reply 1 of 100002: neither status/) as unknown,
    });
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
    const all = readReplies(message(Array.from({ length: 10_001 }, () => '')), failures, ROOMY);
    expect(all.fault).toMatch(/^reply 1 of 10001: the body is ""/);
  });

  it('is not read where it unpacks to more values than ten thousand replies have', () => {
    const packed = (count: number) =>
      readReplies({ content: gzipSync(`[${'{},'.repeat(count)}{}]`), properties: {} }, failures);
    expect(packed(74_000).fault).toMatch(/^reply 1 of 74001: neither status/);
    expect(packed(75_000).fault).toBe('the body unpacks to more than 150000 values');
    const text = JSON.stringify({ ...one, status: 'failed', reason: '[{,'.repeat(100_000) });
    expect(readReplies({ content: gzipSync(text), properties: {} }, failures)).toMatchObject({ fault: null });
  });

  it('names 10,000 events and no more', () => {
    const many = Array.from({ length: 10_001 }, (_, n) => ({ ...one, message_id: `m${n}` }));
    const { replies, fault } = readReplies(message(many), failures, ROOMY);
    expect(replies).toHaveLength(10_000);
    expect(fault).toBe('reply 10001 of 10001: more than 10000 events are named');
  });
});

describe('what is no reply', () => {
  it.each<[unknown, string | RegExp]>([
    ['', 'the body is empty'],
    [Buffer.from([0xc3, 0x28]), 'the body is not UTF-8'],
    [Buffer.from('{"status":"failed"}', 'utf16le'), /^the body is not JSON: /],
    ['not json', 'the body is not JSON: "not json"'],
    ['{"status":"failed"', 'the body is not JSON: "{\\"status\\":\\"failed\\""'],
    ["{'status':'failed'}", "the body is not JSON: \"{'status':'failed'}\""],
    ['null', 'the body is null, not an object'],
    ['7', 'the body is 7, not an object'],
    ['"failed"', 'the body is "failed", not an object'],
    ['[]', 'the body is an empty list'],
    ['[{}]', 'reply 1 of 1: neither status, process_id nor a NestJS answer, and not dead-lettered'],
    ['[[{"status":"failed"}]]', 'reply 1 of 1: the body is a list, not an object'],
    ['{"state":"failed"}', 'neither status, process_id nor a NestJS answer, and not dead-lettered'],
    [
      '{"__proto__":{"status":"failed"}}',
      'neither status, process_id nor a NestJS answer, and not dead-lettered',
    ],
    [
      '{"constructor":{"prototype":{"status":"failed"}}}',
      'neither status, process_id nor a NestJS answer, and not dead-lettered',
    ],
    [event.body, 'an event without a status: it fails where it is published to the failures exchange'],
  ])('%p', (body, reason) => {
    expect(refusal(body)).toEqual(typeof reason === 'string' ? reason : expect.stringMatching(reason));
  });

  it('is found out however deep it nests', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(refusal(deep)).toMatch(/^(reply 1 of 1: )?the body is /);
    expect(refusal(`{"status":${deep}}`)).toMatch(/^(status a list is|the body is not JSON)/);
    expect(refusal(`{"process_id":"p","portal":"acme","message_id":${deep}}`)).toMatch(
      /^(message_id is a list|the body is not)/,
    );
    expect(parseReply(message(`{"isDisposed":true,"err":${deep}}`, { correlationId }))).toMatchObject({
      outcome: 'failed',
      reason: 'an error that cannot be shown',
    });
    const told = message(`{"isDisposed":true,"err":{"code":"E42","cause":${deep}}}`, { correlationId });
    expect(parseReply(told).reason).toMatch(/^\{"code":"E42","cause":\[+"…"\]+\}$/);
  });

  it('never pollutes an object', () => {
    parseReply(message('{"__proto__":{"polluted":1},"status":"failed"}', { correlationId }));
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('over any message', () => {
  const strange = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>(true, [], 'x', ['a', 1, 'a'], null, { message: 'no' }, 'x\0'.repeat(3_000)),
  );
  const mostly = (...right: unknown[]) =>
    fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...right) }, { weight: 1, arbitrary: strange });
  const forOne = fc.record({ status: mostly('failed', 'processed'), reason: mostly('why') });
  const byHand = fc.record(
    {
      status: mostly('failed', 'processed', 'error'),
      reason: mostly('why'),
      process_id: mostly('process', 7),
      member_id: mostly('member'),
      portal: mostly('acme'),
      message_id: mostly('a', ['a', 'b', 'a']),
    },
    { requiredKeys: [] },
  );
  /** Of those by hand few are right in all that has to be. */
  const sound = fc.record({
    status: fc.constantFrom('failed', 'processed'),
    reason: mostly('why'),
    process_id: fc.constant('process'),
    member_id: fc.constant('member'),
    message_id: fc.constantFrom('a', ['a', 'b', 'a']),
  });
  const byNest = fc.record(
    {
      status: mostly('error'),
      isDisposed: mostly(true),
      err: mostly('boom'),
      response: strange,
      id: strange,
    },
    { requiredKeys: [] },
  );
  const answeredByNest = fc.record({ isDisposed: fc.boolean(), response: strange, id: strange });
  const anyKeys = fc.dictionary(
    fc.constantFrom(
      '__proto__',
      'constructor',
      'status',
      'process_id',
      'isDisposed',
      'err',
      'specversion',
      'memberid',
    ),
    strange,
  );
  const objects = fc
    .oneof(forOne, byHand, sound, byNest, answeredByNest, anyKeys)
    .map((object) => Buffer.from(JSON.stringify(object)));
  const body = fc.oneof(
    { weight: 6, arbitrary: objects },
    fc.json().map((json) => Buffer.from(json)),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.constant(event.body),
  );
  const anything = fc.anything();
  const anyProperties = fc.record(
    {
      correlationId: fc.oneof(fc.constant(correlationId), anyText(), anything),
      headers: fc.oneof(fc.constant({}), fc.record({ 'x-death': anything }), fc.constant(rejected), anything),
    },
    { requiredKeys: [] },
  );
  const properties = fc.oneof(fc.constant({ correlationId }), anyProperties);

  const seen = new Set<string>();
  function check(reply: Reply): void {
    seen.add(`${reply.kind} ${reply.outcome}`);
    const { portal, processId, messageIds, attempt } = reply.target;
    const ids: unknown[] = [...Object.values(portal), processId, ...messageIds];
    // One look at all of it: thousands of replies are checked.
    expect({
      ids: ids.filter((id) => typeof id !== 'string' || id === '' || id.includes('\0')),
      some: messageIds.length > 0,
      twice: messageIds.length - new Set(messageIds).size,
      withoutAttempt: attempt === null,
      reason: reply.reason === null || (reply.reason !== '' && reply.reason.length <= 1_000),
      processedDeadLetter: reply.outcome !== 'failed' && reply.kind === 'dead_letter',
    }).toEqual({
      ids: [],
      some: true,
      twice: 0,
      withoutAttempt: reply.kind === 'group',
      reason: true,
      processedDeadLetter: false,
    });
  }

  it('gives sound replies, or a fault with one short line', () => {
    fc.assert(
      fc.property(body, properties, (content, props) => {
        const { replies, fault } = readReplies({ content, properties: props }, failures);
        expect(replies.length > 0 || fault !== null).toBe(true);
        if (fault !== null) {
          expect(fault).toMatch(/^[^\n\r]{1,220}$/);
          seen.add('malformed');
        }
        for (const reply of replies) check(reply);
      }),
      { numRuns: inForm({ full: 5_000, small: 1_000 }) },
    );
    // The property means something only where every branch was taken.
    const kinds = ['single', 'group', 'nest'].flatMap((kind) => [`${kind} failed`, `${kind} processed`]);
    for (const branch of [...kinds, 'nest partial', 'dead_letter failed', 'malformed']) {
      expect(seen).toContain(branch);
    }
  });
});

describe('a message that is larger than a reply may be', () => {
  const limit = 1000;
  const large = (properties: ReplyMessage['properties'], exchange = '', body: unknown = 'x'.repeat(1001)) =>
    readReplies({ ...message(body, properties), fields: { exchange } }, failures, limit);
  const event = { contentType: 'application/cloudevents+json; charset=UTF-8' };
  const [memberId, processId, attempt, messageId] = ['m', 'p', 2, 'i'];
  const body = JSON.stringify({
    specversion: '1.0',
    subject: 'a,"data":b',
    memberid: memberId,
    processid: processId,
    messageid: messageId,
    attempt,
    data: { text: 'x'.repeat(1001) },
  });

  it('is no reply, and not read', () => {
    const said = `{"status":"failed","reason":"${'x'.repeat(1001)}"}`;
    const fault = `the body has ${said.length} bytes, a reply 1000 at most`;
    expect(large({ correlationId }, '', said)).toEqual({ replies: [], fault });
    expect(large({ correlationId, headers: rejected }, '', said)).toEqual({ replies: [], fault });
    expect(large({ correlationId, ...event }, '', said)).toEqual({ replies: [], fault });
    expect(large({}, failures, said)).toEqual({ replies: [], fault });
    expect(large({ headers: rejected, ...event }, '', '['.repeat(1001)).replies).toEqual([]);
    expect(large({ headers: rejected, ...event }, '', `{,"data":${'x'.repeat(1001)}`).replies).toEqual([]);
  });

  it('of which the size alone is in the way says what it says with one byte fewer', () => {
    const said = `{"status":"failed","reason":"${'x'.repeat(1000 - 31)}"}`;
    expect(said).toHaveLength(1000);
    expect(large({ correlationId }, '', said).replies).toHaveLength(1);
    expect(large({ correlationId }, '', `${said} `).replies).toHaveLength(0);
  });

  it.each<[string, ReplyMessage['properties'], string]>([
    ['that was dead-lettered', { correlationId, headers: rejected, ...event }, ''],
    ['that came through the failures exchange', { correlationId, headers: rejected }, failures],
    ['that a person published again', { correlationId }, failures],
  ])('is an event %s, by its correlation id', (_, properties, exchange) => {
    expect(large(properties, exchange)).toMatchObject({
      replies: [{ kind: 'dead_letter', outcome: 'failed', target: { attempt: 2 } }],
      fault: null,
    });
  });

  it.each<[string, ReplyMessage['properties'], string]>([
    ['that was dead-lettered', { headers: rejected, ...event }, ''],
    ['that a person published again', {}, failures],
  ])('is an event %s, by what stands before its data', (_, properties, exchange) => {
    const { replies } = large(properties, exchange, body);
    const target = { portal: { memberId }, processId, messageIds: [messageId], attempt };
    expect(replies).toMatchObject([{ kind: 'dead_letter', outcome: 'failed', target }]);
  });
});
