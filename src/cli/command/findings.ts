import { type TextKey, TEXTS } from '../../i18n/catalogue.js';
import { type Language } from '../../i18n/language.js';
import { type Phrase, translate } from '../../i18n/translate.js';
import { printable } from '../../logging/printable.js';
import { type CommandResult } from './command-result.js';

/** One thing that was checked. */
export interface Finding {
  readonly subject: string;
  /** `note`: it works, and there is something to know. */
  readonly verdict: 'ok' | 'note' | 'wrong';
  /** What was found; where it is wrong, what to do. */
  readonly text: string | Phrase;
}

type Text = Finding['text'];

export const ok = (subject: string, text: Text = ''): Finding => ({ subject, verdict: 'ok', text });
export const note = (subject: string, text: Text): Finding => ({ subject, verdict: 'note', text });
export const wrong = (subject: string, text: Text): Finding => ({ subject, verdict: 'wrong', text });

/** One line a finding, in the user's language, and in English as JSON; exit code 1 where anything is wrong. */
export function findingsResult(
  findings: readonly Finding[],
  more: Record<string, unknown> = {},
): CommandResult {
  const sound = findings.every(({ verdict }) => verdict !== 'wrong');
  return {
    exitCode: sound ? 0 : 1,
    text: (language) => linesOf(findings, language),
    json: {
      ok: sound,
      ...more,
      findings: findings.map((finding) => ({ ...finding, text: said(finding.text, 'en') })),
    },
  };
}

function linesOf(findings: readonly Finding[], language: Language): string {
  const rows = findings.map(({ verdict, subject, text }) => [
    translate(language, `verdict.${verdict}`),
    subjectIn(language, subject),
    printable(said(text, language), true),
  ]);
  const width = (column: number, least: number) =>
    Math.max(least, ...rows.map((row) => row[column]?.length ?? 0));
  const [verdicts, subjects] = [width(0, 5), width(1, 0)];
  return rows
    .map(([verdict = '', subject = '', text = '']) =>
      `${verdict.padEnd(verdicts)}  ${subject.padEnd(subjects)}  ${text}`.trimEnd(),
    )
    .join('\n');
}

function said(text: Text, language: Language): string {
  return typeof text === 'string' ? text : text.in(language);
}

/** A subject without a text of its own is shown as JSON has it. */
function subjectIn(language: Language, subject: string): string {
  const key = `subject.${subject}`;
  return isText(key) ? TEXTS[key][language] : subject;
}

function isText(key: string): key is TextKey {
  return Object.hasOwn(TEXTS, key);
}
