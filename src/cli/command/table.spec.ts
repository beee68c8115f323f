import { describe, expect, it } from '@jest/globals';
import { type Language } from '../../i18n/language.js';
import { Phrase } from '../../i18n/translate.js';
import { type Finding, findingsResult, note, wrong } from './findings.js';
import { shortTime, table } from './table.js';

const HOSTILE = 'no\u001b[2A\nacme  active\u202e\u009b31m';

describe('what strangers wrote', () => {
  it('makes no line of its own in a table, and works on no terminal', () => {
    expect(table(['NAME', 'REASON'], [['acme', HOSTILE]])).toBe(
      'NAME  REASON\nacme  no\\u001b[2A\\u000aacme  active\\u202e\\u009b31m',
    );
  });

  it('makes none among findings', () => {
    expect(linesIn('en', wrong('portal', HOSTILE))).toBe(
      'wrong  portal  no\\u001b[2A\\u000aacme  active\\u202e\\u009b31m',
    );
  });
});

it.each([
  [0, '2026-11-25 01:02:03Z'],
  [180, '2026-11-25 04:02:03+03:00'],
  [-210, '2026-11-24 21:32:03-03:30'],
])('a time in a table is that of a machine whose clock is %i minutes ahead of UTC', (ahead, text) => {
  expect(shortTime(Date.UTC(2026, 10, 25, 1, 2, 3), ahead)).toBe(text);
});

it('findings are told in the language of whoever reads them, and in English as JSON', () => {
  const finding = note('clock', Phrase.of('check.clockBehind', { seconds: 40 }));
  expect(linesIn('ru', finding)).toBe('важно  часы  часы портала отстают от часов этой машины на 40 с');
  expect(findingsResult([finding]).json).toEqual({
    ok: true,
    findings: [
      { subject: 'clock', verdict: 'note', text: "the portal's clock is 40 s behind this machine's" },
    ],
  });
});

function linesIn(language: Language, finding: Finding): string {
  const { text } = findingsResult([finding]);
  return typeof text === 'string' ? text : text(language);
}
