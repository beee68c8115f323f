import { describe, expect, it } from '@jest/globals';
import { type LogFields, redactingLog } from './log.js';
import { redact } from './redact.js';

describe('redact', () => {
  it.each([
    ['postgres://bridge:secret@db/bridge', 'postgres://***@db/bridge'],
    ['amqps://u:p@ss@rabbit:5671', 'amqps://***@rabbit:5671'],
    ['postgresq://bridge:secret@db/bridge', 'postgresq://***@db/bridge'],
    [
      'postgres://db/bridge?user=u&password=secret&ssl=true',
      'postgres://db/bridge?user=u&password=***&ssl=true',
    ],
    [
      'no connection to https://acme.bitrix24.com/rest/a@b',
      'no connection to https://acme.bitrix24.com/rest/a@b',
    ],
  ])('hides the login of %s', (text, clean) => {
    expect(redact(text, [])).toBe(clean);
  });
});

describe('a log whose secrets are removed', () => {
  const written: LogFields[] = [];
  const keep = (fields: LogFields) => void written.push(fields);
  const line = (fields: LogFields, secrets: string[]) => {
    redactingLog({ debug: keep, info: keep, warn: keep, error: keep }, () => secrets).info(fields);
    return written.pop();
  };

  it('loses them wherever they are, whatever characters they have', () => {
    const secret = 'pass"word\\with\nall';
    const fields = { event: 'x', reason: `no ${secret}!`, nested: { list: [secret, 1, null, true] } };
    expect(line(fields, [secret])).toEqual({
      event: 'x',
      reason: 'no ***!',
      nested: { list: ['***', 1, null, true] },
    });
  });

  it('stays readable whatever somebody chose as a secret', () => {
    const fields = { event: 'install.refused', reason: 'wrong', from: '10.0.0.1', count: 1, again: false };
    expect(line(fields, ['"', ':', '{', 'event', '1', 'false'])).toMatchObject({
      event: 'install.refused',
      reason: 'wrong',
      count: 1,
      again: false,
    });
  });

  it('has no text longer than a line may be, and shows no half of a secret where it cuts', () => {
    const secret = 's3cret'.repeat(20);
    const before = 'x'.repeat(9_990);
    const cut = line(
      { event: 'e', code: before + secret + 'y'.repeat(1_000_000), short: 'z'.repeat(10_000) },
      [secret],
    );
    expect(cut?.['code']).toBe(`${before}… (${before.length + secret.length + 1_000_000} characters)`);
    expect(cut?.['short']).toBe('z'.repeat(10_000));
  });

  it('writes errors with their stacks, and what has no JSON as nothing', () => {
    const circular: Record<string, unknown> = { name: 'a-secret' };
    circular['self'] = circular;
    const error = new Error('with a-secret');
    expect(line({ event: 'x', error }, ['a-secret'])?.['error']).toMatch(/^Error: with \*\*\*\n +at /);
    expect(JSON.stringify(line({ event: 'x', circular }, ['a-secret']))).not.toContain('a-secret');
    expect(line({ event: 'x', big: 10n, none: undefined }, [''])).toEqual({ event: 'x', big: '10' });
  });
});
