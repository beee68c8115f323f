import * as ours from '../support/own-command-line.mjs';
import { type BridgeProcess } from '../support/bridge-process.js';
import { type Ended, jsonOf, settingsOf } from './command-line.js';

/**
 * Carries out a command in the process of the test, with the settings of a service and with nobody to answer its
 * questions; `command-line.ts` starts each as users do, which costs more.
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
