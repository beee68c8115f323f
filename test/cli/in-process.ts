import { constants, Script } from 'node:vm';
import { type runCommandLine } from '../../src/cli/run-command-line.js';
import { type settingsOfProcess } from '../../src/config/process-settings.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { type Ended, jsonOf, settingsOf } from './command-line.js';

interface OwnCommandLine {
  readonly runCommandLine: typeof runCommandLine;
  readonly settingsOfProcess: typeof settingsOfProcess;
}

/** Loaded by Node and not by jest, which takes far longer and does it for each suite anew. */
const ours = (await new Script(
  `import(${JSON.stringify(new URL('../support/own-command-line.mjs', import.meta.url).href)})`,
  { importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER },
).runInThisContext()) as OwnCommandLine;

/**
 * Carries out a command in the process of the test, with the settings of a service and with nobody to answer its
 * questions. For suites of many commands; `command-line.ts` starts each as users do.
 */
export async function run(
  bridge: BridgeProcess,
  args: readonly string[],
  settings: Record<string, string> = {},
): Promise<Ended> {
  const { env, folder } = settingsOf(bridge, settings);
  let stdout = '';
  let stderr = '';
  const err = (text: string) => void (stderr += text);
  const exitCode = await ours.runCommandLine(args, {
    read: () => ours.settingsOfProcess({ ...env }, folder),
    terminal: {
      say: (text) => err(`${text}\n`),
      ask: (question) => {
        err(question);
        return Promise.resolve(null);
      },
    },
    out: (text) => void (stdout += text),
    err,
  });
  return { exitCode, stdout, stderr };
}

/** What a command prints with `--json`, whatever its exit code. */
export async function json<T>(
  bridge: BridgeProcess,
  args: readonly string[],
  settings: Record<string, string> = {},
): Promise<T & { readonly exitCode: number | null }> {
  return jsonOf<T>(args, await run(bridge, [...args, '--json'], settings));
}
