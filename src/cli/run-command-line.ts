import { CommanderError } from 'commander';
import { SettingsError } from '../config/settings-error.js';
import { type settingsOfProcess } from '../config/process-settings.js';
import { type Language, languageOfArguments } from '../i18n/language.js';
import { writeAnyJson } from '../json/exact-json.js';
import { printable } from '../logging/printable.js';
import { reasonOf } from '../logging/reason.js';
import { TokenVaultError } from '../portals/token-vault.js';
import { CommandFailed } from './command/command-result.js';
import { type Terminal } from './command/terminal.js';
import { program } from './program.js';

const USAGE = 2;

/** What a command line needs of the process around it. */
export interface CommandLineContext {
  readonly read: typeof settingsOfProcess;
  readonly terminal: Terminal;
  /** Takes results. */
  readonly out: (text: string) => void;
  /** Takes errors. */
  readonly err: (text: string) => void;
  /** What the terminal asks for; English by default. `--lang` goes before it. */
  readonly language?: Language;
}

/**
 * Carries out one command, with everything that it has to say written.
 * @param args without the names of Node and of the program
 * @returns the exit code
 */
export async function runCommandLine(
  args: readonly string[],
  { read, terminal, out, err, language: spoken = 'en' }: CommandLineContext,
): Promise<number> {
  // Either may go to a terminal. For a JSON parser `printable` changes nothing.
  const write = (text: string) => out(`${printable(text)}\n`);
  const language = languageOfArguments(args) ?? spoken;
  const asJson = args.includes('--json');
  const fail = (message: string, exitCode: number): number => {
    if (asJson) write(JSON.stringify({ error: message }, null, 2));
    else err(`${printable(message)}\n`);
    return exitCode;
  };
  let code = 0;
  try {
    const commands = program({
      read,
      terminal,
      out,
      // With --json a mistake is one object, and nothing beside it.
      err: asJson ? () => undefined : err,
      done: ({ exitCode, text, json }, withJson) => {
        const words = typeof text === 'string' ? text : text(language);
        write(withJson ? writeAnyJson(json, 2) : words);
        code = exitCode;
      },
    });
    await commands.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and usage errors are on the terminal by then.
      if (error.exitCode === 0) return 0;
      return asJson ? fail(error.message.replace(/^error: /, ''), USAGE) : USAGE;
    }
    if (error instanceof CommandFailed) return fail(error.message, error.exitCode);
    if (error instanceof SettingsError || error instanceof TokenVaultError)
      return fail(error.message, SettingsError.exitCode);
    return fail(reasonOf(error), 1);
  }
}
