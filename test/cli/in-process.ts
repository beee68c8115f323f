import { type TestBridge } from '../support/test-bridge.js';
import { ownCommandLine } from '../support/own-programs.mjs';
import { type Ended, jsonOf, settingsOf } from './command-line.js';

/**
 * Carries out a command in the process of the test, with the settings of a service and with nobody to answer its
 * questions; `command-line.ts` starts each as users do, which costs more.
 */
export async function run(
  bridge: TestBridge,
  args: readonly string[],
  settings: Record<string, string> = {},
): Promise<Ended> {
  const { env, folder } = settingsOf(bridge, settings);
  const { runCommandLine, settingsOfProcess } = await ownCommandLine();
  let stdout = '';
  let stderr = '';
  const err = (text: string) => void (stderr += text);
  const exitCode = await runCommandLine(args, {
    read: () => settingsOfProcess({ ...env }, folder),
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
  bridge: TestBridge,
  args: readonly string[],
  settings: Record<string, string> = {},
): Promise<T & { readonly exitCode: number | null }> {
  return jsonOf<T>(args, await run(bridge, [...args, '--json'], settings));
}
