import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyText } from '../../test/support/any-text.js';
import {
  type Correlation,
  decodeCorrelationId,
  encodeCorrelationId,
  UnencodableEvent,
} from './correlation-id.js';

const delivery: Correlation = {
  memberId: 'a223c6b3710f85df22e9377d6c4f7553',
  processId: 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6',
  attempt: 2,
  messageId: 'b0c7f7c2a3f1e4d5c6b7a8f9e0d1c2b3',
};

describe('a correlation id', () => {
  it('is the member id, process id, attempt and message id', () => {
    const text =
      'a223c6b3710f85df22e9377d6c4f7553:a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6:2:b0c7f7c2a3f1e4d5c6b7a8f9e0d1c2b3';
    expect(encodeCorrelationId(delivery)).toBe(text);
    expect(decodeCorrelationId(text)).toEqual(delivery);
  });

  it.each([
    ':',
    '::1:x',
    'a:b',
    ' ',
    '\n',
    'a\nb',
    '\0',
    '\u2028',
    '__proto__',
    '😀'.repeat(40),
    '🙂:é\u0301',
    '\\"',
  ])('carries the message id %j', (messageId) => {
    expect(decodeCorrelationId(encodeCorrelationId({ ...delivery, messageId }))).toEqual({
      ...delivery,
      messageId,
    });
  });

  it('comes back as it went, or is refused', () => {
    const text = anyText({ maxLength: 60 });
    fc.assert(
      fc.property(text, text, fc.integer({ min: -1 }), text, (memberId, processId, attempt, messageId) => {
        const original = { memberId, processId, attempt, messageId };
        try {
          // As the wire carries it: UTF-8.
          const wire = Buffer.from(encodeCorrelationId(original));
          expect(wire.length).toBeLessThanOrEqual(255);
          expect(decodeCorrelationId(wire.toString())).toEqual(original);
        } catch (error) {
          expect(error).toBeInstanceOf(UnencodableEvent);
          const usable =
            [memberId, processId].every((id) => id !== '' && !id.includes(':')) && messageId !== '';
          const bytes = Buffer.byteLength(`${memberId}:${processId}:${attempt}:${messageId}`);
          expect(usable && attempt >= 1 && attempt < 1e9 && bytes <= 255).toBe(false);
        }
      }),
    );
  });

  it.each([
    [{ memberId: '' }, 'the member id is empty or holds a colon'],
    [{ memberId: 'a:b' }, 'the member id is empty or holds a colon'],
    [{ processId: '' }, 'the process id is empty or holds a colon'],
    [{ processId: ':' }, 'the process id is empty or holds a colon'],
    [{ messageId: '' }, 'the message id is empty'],
    [{ messageId: '\ud83d' }, 'an id holds half a character'],
    [{ attempt: 0 }, 'the attempt is not a positive whole number'],
    [{ attempt: 1.5 }, 'the attempt is not a positive whole number'],
    [{ attempt: NaN }, 'the attempt is not a positive whole number'],
    [{ attempt: 1e21 }, 'the attempt is not a positive whole number'],
    [{ messageId: '語'.repeat(100) }, 'the correlation id takes 368 bytes, AMQP allows 255'],
  ])('is refused for %j', (part, reason) => {
    const encode = () => encodeCorrelationId({ ...delivery, ...part });
    expect(encode).toThrow(UnencodableEvent);
    expect(encode).toThrow(`event cannot be encoded: ${reason}`);
  });

  it.each([
    '',
    ':',
    ':::',
    'a:b:1:',
    'a:b::c',
    ':b:1:c',
    'a::1:c',
    'a:b:0:c',
    'a:b:01:c',
    'a:b:-1:c',
    'a:b:1.0:c',
    'a:b:1e3:c',
    'a:b: 1:c',
    'a:b:١:c',
    'a:b:9999999999:c',
    'a:b:1',
  ])('is not read from %j', (text) => {
    expect(decodeCorrelationId(text)).toBeNull();
  });

  it.each(['a', ':'])('is not read from a million of %j', (character) => {
    expect(decodeCorrelationId(character.repeat(1_000_000))).toBeNull();
  });
});
