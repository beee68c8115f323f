import { createInterface } from 'node:readline';
import { printable } from '../../logging/printable.js';

/** The person who called the command. Questions go to stderr, so that stdout holds results only. */
export interface Terminal {
  say(text: string): void;
  /** The next line; null when there is none (end of input, or `timeoutMs` is over). */
  ask(question: string, timeoutMs: number): Promise<string | null>;
}

/** The terminal of this process; a pipe will do as well. */
export const processTerminal: Terminal = {
  say: (text) => void process.stderr.write(`${printable(text)}\n`),
  ask: (question, timeoutMs) =>
    new Promise((resolve) => {
      process.stderr.write(printable(question));
      const lines = createInterface({ input: process.stdin });
      const finish = (line: string | null) => {
        clearTimeout(timer);
        lines.removeAllListeners();
        lines.close();
        resolve(line);
      };
      const timer = setTimeout(() => finish(null), timeoutMs);
      lines.once('line', finish);
      lines.once('close', () => finish(null));
    }),
};

const CONFIRM_MS = 600_000;

/** Whether the person says yes; anything else, and silence, is a no. */
export async function confirmed(terminal: Terminal, question: string): Promise<boolean> {
  const answer = await terminal.ask(`${question} [y/N] `, CONFIRM_MS);
  return /^y(es)?$/i.test(answer?.trim() ?? '');
}
