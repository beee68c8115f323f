import { type Language } from '../../i18n/language.js';

/** How a command ended: what it prints, in either form, and its exit code. */
export interface CommandResult {
  /** 0: done, and all is well; 1: something is wrong, or there was nothing to act on. */
  readonly exitCode: 0 | 1;
  /** A function where it depends on the user's language. */
  readonly text: string | ((language: Language) => string);
  /** What `--json` prints. */
  readonly json: unknown;
}

/** A command that cannot go on. `message` is for the person at the terminal. */
export class CommandFailed extends Error {
  constructor(
    message: string,
    /** 1: something is wrong; 2: the command was called wrongly. */
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
    this.name = 'CommandFailed';
  }
}
