import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeEvent } from './event.js';
import { MalformedReply, parseReply, type Reply, type ReplyMessage } from './reply.js';

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

function refusal(body: unknown, properties: ReplyMessage['properties'] = { correlationId }): string {
  try {
    parseReply(message(body, properties));
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedReply);
    return (error as MalformedReply).reason;
  }
  throw new Error('nothing was refused');
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

  it('may begin with a byte order mark', () => {
    expect(parseReply(message('\ufeff{"status":"processed"}', { correlationId })).outcome).toBe('processed');
  });

  it.each<[unknown, string]>([
    [{ status: 'done' }, 'status is "done", not "processed" or "failed"'],
    [{ status: 'FAILED' }, 'status is "FAILED", not "processed" or "failed"'],
    [{ status: '' }, 'status is "", not "processed" or "failed"'],
    [{ status: null }, 'status is null, not "processed" or "failed"'],
    [{ status: true }, 'status is true, not "processed" or "failed"'],
    [{ status: ['failed'] }, 'status is a list, not "processed" or "failed"'],
    [{ status: { failed: 1 } }, 'status is an object, not "processed" or "failed"'],
    [{ status: 'failed', reason: 7 }, 'reason is 7, not a text'],
    [{ status: 'failed', reason: ['x'] }, 'reason is a list, not a text'],
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

  it('needs no correlation id, and heeds none', () => {
    expect(parseReply(message(ids, { correlationId: 'a:b:1:c' })).target).toEqual(several);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ message_id: undefined }, 'no message_id'],
    [{ message_id: null }, 'message_id is null, not a text of 1 to 255 characters'],
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
    [{ process_id: null }, 'process_id is null, not a text of 1 to 255 characters'],
    [{ member_id: undefined }, 'neither member_id nor portal'],
    [{ member_id: '', portal: 'acme' }, 'member_id is "", not a text of 1 to 255 characters'],
    [{ member_id: null, portal: ['acme'] }, 'portal is a list, not a text of 1 to 255 characters'],
    [{ status: 'done' }, 'status is "done", not "processed" or "failed"'],
    [{ reason: {} }, 'reason is an object, not a text'],
  ])('with %j is refused', (part, reason) => {
    expect(refusal({ ...ids, ...part })).toBe(reason);
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
    [{ memberid: 'm', processid: 'p', messageid: 'x' }, 'its body is no event of the bridge'],
    [{ memberid: 'm', processid: 'p', messageid: '', attempt: 1 }, 'its body is no event of the bridge'],
    [{ memberid: 'm', processid: 7, messageid: 'x', attempt: 1 }, 'its body is no event of the bridge'],
    [{ memberid: 'm', processid: 'p', messageid: 'x', attempt: '1' }, 'its body is no event of the bridge'],
    [{ memberid: 'm', processid: 'p', messageid: 'x', attempt: -1 }, 'its body is no event of the bridge'],
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
    ['[{"status":"failed"}]', 'the body is a list, not an object'],
    ['{"Status":"failed"}', 'neither status, process_id nor a NestJS answer, and not dead-lettered'],
    [
      '{"__proto__":{"status":"failed"}}',
      'neither status, process_id nor a NestJS answer, and not dead-lettered',
    ],
    [
      '{"constructor":{"prototype":{"status":"failed"}}}',
      'neither status, process_id nor a NestJS answer, and not dead-lettered',
    ],
    [event.body, 'neither status, process_id nor a NestJS answer, and not dead-lettered'],
  ])('%p', (body, reason) => {
    expect(refusal(body)).toEqual(typeof reason === 'string' ? reason : expect.stringMatching(reason));
  });

  it('is found out however deep it nests', () => {
    const deep = '['.repeat(500_000) + ']'.repeat(500_000);
    expect(refusal(deep)).toMatch(/^the body is /);
    expect(refusal(`{"status":${deep}}`)).toMatch(/^(status is a list|the body is not JSON)/);
    expect(refusal(`{"process_id":"p","portal":"acme","message_id":${deep}}`)).toMatch(
      /^(message_id is a list|the body is not)/,
    );
    expect(parseReply(message(`{"isDisposed":true,"err":${deep}}`, { correlationId }))).toMatchObject({
      outcome: 'failed',
      reason: 'an error that cannot be shown',
    });
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
  const body = fc.oneof(
    fc.oneof(forOne, byHand, byNest, anyKeys).map((object) => Buffer.from(JSON.stringify(object))),
    fc.json().map((json) => Buffer.from(json)),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.constant(event.body),
  );
  const anything = fc.anything();
  const properties = fc.record(
    {
      correlationId: fc.oneof(
        { weight: 3, arbitrary: fc.constant(correlationId) },
        { weight: 1, arbitrary: fc.oneof(fc.string({ unit: 'binary' }), anything) },
      ),
      headers: fc.oneof(fc.constant({}), fc.record({ 'x-death': anything }), fc.constant(rejected), anything),
    },
    { requiredKeys: [] },
  );

  it('gives a sound reply or MalformedReply with one short line', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(body, properties, (content, props) => {
        let reply: Reply;
        try {
          reply = parseReply({ content, properties: props });
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedReply);
          const { reason } = error as MalformedReply;
          expect(reason).toMatch(/^[^\n\r]{1,220}$/);
          seen.add('malformed');
          return;
        }
        seen.add(`${reply.kind} ${reply.outcome}`);
        const { portal, processId, messageIds, attempt } = reply.target;
        for (const id of [...Object.values(portal), processId, ...messageIds]) {
          expect(typeof id === 'string' && id !== '' && !id.includes('\0')).toBe(true);
        }
        expect(messageIds.length).toBeGreaterThan(0);
        expect(new Set(messageIds).size).toBe(messageIds.length);
        expect(attempt === null).toBe(reply.kind === 'group');
        expect(reply.reason === null || (reply.reason !== '' && reply.reason.length <= 1_000)).toBe(true);
        if (reply.outcome !== 'failed') expect(reply.kind).not.toBe('dead_letter');
      }),
      { numRuns: 5_000 },
    );
    // The property means something only where every branch was taken.
    const kinds = ['single', 'group', 'nest'].flatMap((kind) => [`${kind} failed`, `${kind} processed`]);
    for (const branch of [...kinds, 'nest partial', 'dead_letter failed', 'malformed']) {
      expect(seen).toContain(branch);
    }
  });
});
