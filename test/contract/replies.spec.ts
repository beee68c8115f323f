import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeEvent } from '../../src/contract/event.js';
import { readReplies, type ReplyKind } from '../../src/contract/reply.js';
import { replyKindBySchemas } from '../support/contract.js';
import { inForm } from '../support/form.js';

const correlationId = 'member:process:2:message:1';
const event = encodeEvent(
  {
    memberId: 'member',
    portal: 'acme',
    source: 'https://acme.bitrix24.com',
    processId: 'process',
    messageId: 'message:1',
    rowId: '17',
    changedAt: 1_721_298_751,
    event: 'ONCRMDEALUPDATE',
    data: { FIELDS: { ID: '1' } },
    userId: null,
    attempt: 2,
  },
  'bitrix24.replies',
);

function kindByParser(
  content: Buffer,
  properties: { correlationId?: unknown; headers?: unknown },
): ReplyKind | null {
  const { replies, fault } = readReplies({ content, properties }, 'bitrix24.failures');
  // A list may hold replies beside one that makes no sense; anything else is one reply or none.
  if (!/^\s*\[/.test(content.toString()))
    expect([replies.length, fault === null]).toEqual(fault === null ? [1, true] : [0, false]);
  return replies[0]?.kind ?? null;
}

describe('the schemas of replies', () => {
  const strange = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(
      null,
      false,
      true,
      '',
      '\0',
      0,
      1,
      -1,
      1.5,
      2 ** 53,
      1e300,
      'failed',
      'processed',
      'error',
    ),
    fc.constantFrom('x'.repeat(255), 'x'.repeat(256), '😀'.repeat(255), '😀'.repeat(256)),
  );
  const mostly = (...values: unknown[]): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: strange });
  const any = (members: Record<string, fc.Arbitrary<unknown>>) => fc.record(members, { requiredKeys: [] });
  const byHand = any({ status: mostly('failed', 'processed'), reason: mostly('because') });
  const several = any({
    member_id: mostly('member', 7),
    portal: mostly('acme'),
    process_id: mostly('process'),
    message_id: fc.oneof(mostly('a', ['a', 'b', 'a'], []), fc.array(mostly('m', 1), { maxLength: 4 })),
    status: mostly('failed', 'processed', null),
    reason: mostly('because'),
  });
  const byTheBook = fc.record(
    {
      portal: fc.constant('acme'),
      process_id: mostly('process'),
      message_id: fc.array(fc.constantFrom('a', 'b'), { maxLength: 3 }),
      status: fc.constantFrom('failed', 'processed'),
      reason: mostly('because', null),
    },
    { requiredKeys: ['portal', 'process_id', 'message_id'] },
  );
  const byNest = any({
    isDisposed: mostly(true, false),
    err: mostly('no', null),
    response: strange,
    status: strange,
  });
  const anEvent = any({
    specversion: fc.constant('1.0'),
    memberid: mostly('member'),
    processid: mostly('process'),
    messageid: mostly('message'),
    attempt: mostly(1, 999_999_999, 1_000_000_000),
  });
  const mixed = fc
    .tuple(byHand, several, byNest, anEvent)
    .chain((parts) => fc.subarray(parts).map((some): unknown => Object.assign({}, ...some)));
  const body = fc.oneof(
    byHand,
    byTheBook,
    several,
    byNest,
    anEvent,
    mixed,
    fc.jsonValue(),
    fc.constant(JSON.parse(event.body.toString())),
  );
  const properties = any({
    correlationId: fc.oneof(
      { weight: 3, arbitrary: fc.constant(correlationId) },
      mostly('a:b:0:c', 'a:b:1:', 'a:b:1:c\0', ':b:1:c'),
    ),
    headers: fc.oneof(
      fc.constant({}),
      fc.constantFrom({ 'x-death': [{ reason: 'rejected', queue: 'billing', count: 1 }] }, { 'x-death': [] }),
    ),
  });

  it('accept nothing that the service does not accept, kind by kind', () => {
    const seen = new Map<ReplyKind | null, number>();
    let forgiven = 0;
    fc.assert(
      fc.property(body, properties, (value, props) => {
        const content = Buffer.from(JSON.stringify(value));
        // As it arrives: JSON knows no undefined and no negative zero.
        const arrived: unknown = JSON.parse(content.toString());
        const kind = replyKindBySchemas(arrived, props);
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        const read = kindByParser(content, props);
        if (kind !== null) expect(read).toBe(kind);
        else if (read !== null) forgiven += 1;
      }),
      { numRuns: inForm({ full: 5_000, small: 2_500 }) },
    );
    for (const kind of ['single', 'group', 'nest', 'dead_letter', null] as const) {
      expect([kind, (seen.get(kind) ?? 0) > 20]).toEqual([kind, true]);
    }
    expect(forgiven).toBeGreaterThan(20);
  });

  it('has seen a list in which one item makes no sense', () => {
    const list = Buffer.from(JSON.stringify([[], { OK: false }]));
    const { replies, fault } = readReplies({ content: list, properties: { correlationId } }, 'failures');
    expect(replies.map(({ kind, outcome }) => [kind, outcome])).toEqual([['single', 'failed']]);
    expect(fault).toMatch(/^reply 1 of 2: /);
  });

  it('say nothing of the bytes: what is not a JSON text in UTF-8 is malformed whatever it would say', () => {
    for (const content of [Buffer.from(''), Buffer.from('{"status":"failed"'), Buffer.from([0xff, 0xfe])]) {
      expect(kindByParser(content, { correlationId })).toBeNull();
    }
  });
});
