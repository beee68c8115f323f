import { type CommandResult } from './command-result.js';

/** One thing that was looked at. */
export interface Finding {
  readonly subject: string;
  /** `note`: it works, and there is something to know. */
  readonly verdict: 'ok' | 'note' | 'wrong';
  /** What was found; where it is wrong, what to do. */
  readonly text: string;
}

export const ok = (subject: string, text = ''): Finding => ({ subject, verdict: 'ok', text });
export const note = (subject: string, text: string): Finding => ({ subject, verdict: 'note', text });
export const wrong = (subject: string, text: string): Finding => ({ subject, verdict: 'wrong', text });

/** One line a finding; exit code 1 where anything is wrong. */
export function findingsResult(
  findings: readonly Finding[],
  more: Record<string, unknown> = {},
): CommandResult {
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  const sound = findings.every(({ verdict }) => verdict !== 'wrong');
  return {
    exitCode: sound ? 0 : 1,
    text: findings
      .map(({ subject, verdict, text }) =>
        `${verdict.padEnd(5)}  ${subject.padEnd(width)}  ${text}`.trimEnd(),
      )
      .join('\n'),
    json: { ok: sound, ...more, findings },
  };
}
