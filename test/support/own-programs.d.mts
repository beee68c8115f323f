import { type runCommandLine } from '../../src/cli/run-command-line.js';
import { type settingsOfProcess } from '../../src/config/process-settings.js';
import { type Service } from '../../src/service/service.js';

export function ownCommandLine(): Promise<{
  readonly runCommandLine: typeof runCommandLine;
  readonly settingsOfProcess: typeof settingsOfProcess;
}>;
export function ownService(): Promise<typeof Service>;
