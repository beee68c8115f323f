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
