import { describe, expect, it, jest } from '@jest/globals';
import { BridgeLogger } from './log.js';
import { printable } from './printable.js';

const ESCAPE = '\u001b]0;owned\u0007\u001b[2J';

describe('printable', () => {
  it('shows what would work on the terminal, and leaves the rest', () => {
    expect(printable(`Größe 日本 😀\n${ESCAPE}\r\u009b31m\u202e`)).toBe(
      'Größe 日本 😀\n\\u001b]0;owned\\u0007\\u001b[2J\\u000d\\u009b31m\\u202e',
    );
    expect(printable('one\ntwo', true)).toBe('one\\u000atwo');
    expect(printable('one\r\ntwo')).toBe('one\ntwo');
  });

  it('leaves JSON as it is to whoever reads it', () => {
    const value = { [`${ESCAPE}\u009b`]: ['\r\n\t\u2028\u202e"\\', ESCAPE] };
    const text = printable(JSON.stringify(value, null, 2));
    expect(text).not.toMatch(/(?!\n)\p{Cc}|[\u2028\u202e]/u);
    expect(JSON.parse(text)).toEqual(value);
  });
});

describe('a log on a terminal', () => {
  it('has no escape sequences of what it tells', () => {
    const lines: string[] = [];
    const write = jest
      .spyOn(process.stdout, 'write')
      .mockImplementation((line) => lines.push(String(line)) > 0);
    const log = new BridgeLogger({ LOG_LEVEL: 'info', LOG_FORMAT: 'pretty' }, () => []);
    const other = `two words ${ESCAPE}\u009b`;
    log.info({ event: 'portal.state', reason: ESCAPE, other, code: 'PLAIN', none: undefined });
    write.mockRestore();
    // Nest colours its own words.
    const text = lines.join('').replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g'), '');
    expect(text).toContain('code=PLAIN');
    expect(text).toContain('owned');
    expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
  });
});

describe('a log for programs', () => {
  it('has none either, and says the same', () => {
    const lines: string[] = [];
    const write = jest
      .spyOn(process.stdout, 'write')
      .mockImplementation((line) => lines.push(String(line)) > 0);
    const reason = `${ESCAPE}\u009b2J\u202e\u2029`;
    new BridgeLogger({ LOG_LEVEL: 'info', LOG_FORMAT: 'json' }, () => []).info({ event: 'x', reason });
    write.mockRestore();
    const text = lines.join('');
    expect(text).not.toMatch(/(?!\n)\p{Cc}|[\u2029\u202e]/u);
    expect(JSON.parse(text)).toMatchObject({ event: 'x', reason });
  });
});
