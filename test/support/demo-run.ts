import { dirname, join } from 'node:path';
import { RABBITMQ_URL } from './test-bridge.js';
import { ProgramRun } from './program-run.js';
import { program } from './programs.js';

const LAUNCHER = join(import.meta.dirname, '../../scripts/demo.mjs');
/** It takes some fifteen seconds, and up to a minute more before it gives books up that do not balance. */
export const LIMIT_MS = 180_000;

/** `npm run demo`. */
export class DemoRun extends ProgramRun {
  constructor(...args: string[]) {
    const programs = dirname(program('main.js'));
    super(LAUNCHER, args, { env: { RABBITMQ_URL, BRIDGE_PROGRAMS: programs }, limitMs: LIMIT_MS });
  }

  /** What follows a word at the start of a line. */
  address(word: string): string | undefined {
    return new RegExp(`^${word}\\s+(.*)$`, 'm').exec(this.output)?.[1];
  }
}
