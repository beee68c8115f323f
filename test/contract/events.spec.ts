import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyText } from '../support/any-text.js';
import {
  encodeDeadEvent,
  encodeEvent,
  type EncodedEvent,
  type EventFacts,
  UnencodableEvent,
} from '../../src/contract/event.js';
import { examplesOf, schemaCheck } from '../support/contract.js';
import { inForm } from '../support/form.js';

const RUNS = inForm({ full: 2_000, small: 400 });
const complete = { complete: true };
const event = schemaCheck('event.json', complete);
const eventHeaders = schemaCheck('event-headers.json', complete);
const eventProperties = schemaCheck('event-properties.json', complete);
const deadLetter = schemaCheck('dead-letter.json', complete);
const deadLetterHeaders = schemaCheck('dead-letter-headers.json', complete);

const bodyOf = ({ body }: EncodedEvent) => JSON.parse(body.toString()) as unknown;

/** amqplib's publish options under the names of the specification. */
function amqp({ properties: p }: EncodedEvent): Record<string, unknown> {
  return {
    content_type: p.contentType,
    delivery_mode: p.persistent ? 2 : 1,
    message_id: p.messageId,
    correlation_id: p.correlationId,
    reply_to: p.replyTo,
    type: p.type,
    timestamp: p.timestamp,
    app_id: p.appId,
  };
}

const id = fc.stringMatching(/^[a-z0-9-]{1,40}$/);
/** Any characters but NUL, which no database of a portal's holds. */
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((text) => !text.includes('\0'));
/** What a portal can send and an installation can be called. */
const facts: fc.Arbitrary<EventFacts> = fc.record({
  memberId: fc.oneof(
    id,
    name.filter((text) => !text.includes(':')),
  ),
  portal: id,
  source: fc.constantFrom('https://acme.bitrix24.com', 'http://127.0.0.1:8080'),
  processId: fc.oneof(
    id,
    id.map((word) => `journal-${word}`),
  ),
  messageId: fc.oneof(id, name),
  rowId: fc.nat().map(String),
  changedAt: fc.oneof(fc.constant(0), fc.nat(), fc.constant(253_402_300_799)),
  event: fc.oneof(
    fc.constantFrom('ONCRMDEALADD', 'ONCRMDYNAMICITEMADD_134', 'ONTASKUPDATE', 'on'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
  ),
  data: fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>(
      false,
      null,
      [],
      undefined,
      { FIELDS: { ID: '1' } },
      { FIELDS_AFTER: { ID: 7 } },
      { id: 'x' },
    ),
  ),
  userId: fc.option(fc.string()),
  attempt: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 999_999_999 })),
});

describe('the schemas of what the service publishes', () => {
  it('hold for every event, and list all that is in it', () => {
    let encoded = 0;
    fc.assert(
      fc.property(facts, (some) => {
        let message: EncodedEvent;
        try {
          message = encodeEvent(some, 'bitrix24.replies');
        } catch (error) {
          // Too long a name, mostly: that is the dead letter's matter.
          expect(error).toBeInstanceOf(UnencodableEvent);
          return;
        }
        encoded += 1;
        expect(event(bodyOf(message))).toBeNull();
        expect(eventHeaders(message.properties.headers)).toBeNull();
        expect(eventProperties(amqp(message))).toBeNull();
      }),
      { numRuns: RUNS },
    );
    expect(encoded).toBeGreaterThan(RUNS / 2);
  });

  it('hold for every dead letter, whatever became of its event', () => {
    const text = fc.oneof(anyText({ maxLength: 300 }), fc.constantFrom('', 'a:b', 'x'.repeat(10_000)));
    const spoilt: fc.Arbitrary<EventFacts> = fc.record({
      memberId: text,
      portal: fc.oneof(id, text),
      source: text,
      processId: text,
      messageId: text,
      rowId: text,
      changedAt: fc.double(),
      event: text,
      data: fc.anything({ withBigInt: true }),
      userId: fc.option(text),
      attempt: fc.double(),
    });
    fc.assert(
      fc.property(fc.oneof(facts, spoilt), text, fc.nat(), (some, reason, attempts) => {
        const message = encodeDeadEvent(some, 'bitrix24.replies', reason, attempts);
        expect(deadLetter(bodyOf(message))).toBeNull();
        expect(deadLetterHeaders(message.properties.headers)).toBeNull();
      }),
      { numRuns: RUNS },
    );
  });

  it('carry examples that are as they say', () => {
    for (const file of ['event.json', 'reply-single.json', 'reply-group.json', 'reply-nest.json']) {
      for (const example of examplesOf(file))
        expect([example, schemaCheck(file)(example)]).toEqual([example, null]);
    }
  });
});
