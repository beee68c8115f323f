import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeDeadEvent, encodeEvent, type EventFacts, UnencodableEvent } from './event.js';
import { type EventEnvelope, type EventHooks } from './event-hooks.js';

const facts: EventFacts = {
  memberId: 'member',
  portal: 'acme',
  source: 'https://acme.bitrix24.com',
  processId: 'process',
  messageId: 'message:1',
  rowId: '17',
  changedAt: 1_721_298_751,
  event: 'ONCRMDEALUPDATE',
  data: { FIELDS: { ID: '1' } },
  userId: '9',
  attempt: 2,
};
const encode = (hooks: EventHooks) => encodeEvent(facts, 'replies', hooks);
const bodyOf = ({ body }: { body: Buffer }) => JSON.parse(body.toString()) as Record<string, unknown>;

function refusal(hooks: EventHooks): string {
  try {
    encode(hooks);
  } catch (error) {
    expect(error).toBeInstanceOf(UnencodableEvent);
    return (error as UnencodableEvent).reason;
  }
  throw new Error('nothing was refused');
}

describe('a routing key hook', () => {
  it('makes the key, which the body repeats', () => {
    const message = encode({
      routingKey: ({ portal, userId }, standard) => `crm.${portal}.${userId}.${standard}`,
    });
    expect(message.routingKey).toBe('crm.acme.9.acme.crm.deal.update');
    expect(bodyOf(message)['pattern']).toBe(message.routingKey);
    expect(
      bodyOf(encodeDeadEvent(facts, 'replies', 'why', 5, { routingKey: () => 'my.key' }))['pattern'],
    ).toBe('my.key');
  });

  it.each([
    ['', 'empty word'],
    ['a..b', 'empty word'],
    ['.a', 'empty word'],
    ['x'.repeat(256), '256 bytes'],
    ['語'.repeat(86), '258 bytes'],
    [undefined, 'nothing'],
    [7, 'a number'],
    [Promise.resolve('a.b'), 'a promise'],
  ])('must not give %p', (key, reason) => {
    expect(refusal({ routingKey: () => key as string })).toContain(reason);
  });

  it('cannot change what it is told', () => {
    expect(
      refusal({
        routingKey: (told) => {
          (told as EventFacts).memberId = 'another';
          return 'a.b';
        },
      }),
    ).toContain('the routing key hook failed');
  });
});

describe('an envelope hook', () => {
  it('may replace data and subject, and add attributes', () => {
    const message = encode({
      envelope: (event, { userId }) => ({
        ...event,
        subject: 'deal-1',
        data: { by: userId },
        tenant: 'a',
        level: 3,
      }),
    });
    const standard = bodyOf(encode({}));
    expect(bodyOf(message)).toEqual({
      ...standard,
      subject: 'deal-1',
      data: { by: '9' },
      tenant: 'a',
      level: 3,
    });
    const { headers, ...properties } = encode({}).properties;
    // Exchanges spread events by the subject that consumers see.
    expect(message.properties).toEqual({ ...properties, headers: { ...headers, 'x-subject': 'deal-1' } });
  });

  it.each(Object.keys(bodyOf(encode({}))).filter((name) => name !== 'data' && name !== 'subject'))(
    'must not change, or leave out, %s',
    (name) => {
      expect(refusal({ envelope: (event) => ({ ...event, [name]: 'else' }) })).toBe(
        `the envelope hook changed ${name}`,
      );
      expect(
        refusal({
          envelope: (event) => {
            const { [name]: _, ...rest } = event;
            return rest as EventEnvelope;
          },
        }),
      ).toBe(`the envelope hook changed ${name}`);
    },
  );

  it.each<[string, (event: EventEnvelope) => unknown]>([
    ['nothing', () => undefined],
    ['a list', () => []],
    ['a promise', (event) => Promise.resolve(event)],
    ['left data out', (event) => ({ ...event, data: undefined })],
    ['process_id', (event) => ({ ...event, process_id: '1' })],
    ['isDisposed', (event) => ({ ...event, isDisposed: true })],
    ['that belongs into data', (event) => ({ ...event, more: {} })],
    ['subject', (event) => ({ ...event, subject: '' })],
    ['not JSON', (event) => ({ ...event, data: { n: 1n } })],
  ])('must not give what is %s', (reason, envelope) => {
    expect(refusal({ envelope: envelope as NonNullable<EventHooks['envelope']> })).toContain(reason);
  });
});

describe('a hook that fails', () => {
  const failing: EventHooks = {
    envelope: () => {
      throw new Error('no such tenant\nat line 3');
    },
  };

  it('says why, in one line', () => {
    expect(refusal(failing)).toBe('the envelope hook failed: no such tenant');
  });

  it('has the dead letter as it is without hooks, data included', () => {
    const dead = encodeDeadEvent(facts, 'replies', 'why', 2, failing);
    expect(bodyOf(dead)).toEqual(bodyOf(encode({})));
    expect(dead.routingKey).toBe('acme.crm.deal.update');
  });

  it.each<[string, () => unknown]>([
    [
      'throws what has no text',
      () => {
        throw Object.create(null);
      },
    ],
    [
      'gives what throws when it is looked at',
      () =>
        new Proxy(
          {},
          {
            ownKeys: () => {
              throw new Error('no');
            },
          },
        ),
    ],
    [
      'gives what says another thing in JSON',
      () => Object.create({ toJSON: () => ({ id: 'else' }) }) as unknown,
    ],
  ])('is refused where it %s', (_, envelope) => {
    expect(refusal({ envelope: envelope as NonNullable<EventHooks['envelope']> })).toContain(
      'the envelope hook',
    );
  });

  it('never makes more of it than a refusal, whatever it gives', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (key, event) => {
        const hooks: EventHooks = { routingKey: () => key as string, envelope: () => event as EventEnvelope };
        expect(() => encodeDeadEvent(facts, 'replies', 'why', 2, hooks)).not.toThrow();
        try {
          encode({ envelope: () => event as EventEnvelope });
        } catch (error) {
          expect(error).toBeInstanceOf(UnencodableEvent);
        }
      }),
    );
  });
});
