import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator } from '../../emulator/index.js';
import { type Example, type TrialContext, Trial } from './trial.js';

/** Each is a bridge, a consumer and their load on the broker: more at once would only wait for each other. */
const AT_ONCE = 4;
/** No name of an example is longer. */
const WIDTH = 24;

/** An example and how to run it; one whose runtime is missing has no command but what to install. */
interface Candidate {
  readonly name: string;
  readonly command?: readonly string[];
  readonly advice: string;
}

/** What scripts/examples.mjs found. */
function candidates(): Candidate[] {
  const text = process.env['EXAMPLES'];
  if (text === undefined) throw new Error('EXAMPLES is not set: start this by npm run examples');
  return JSON.parse(text) as Candidate[];
}

/** Prints one line about it. */
async function tryOut(example: Example, context: TrialContext): Promise<boolean> {
  const startedAt = performance.now();
  const trial = new Trial(example, context);
  const name = example.name.padEnd(WIDTH);
  try {
    await trial.run();
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(
      `ok    ${name}  20 events; one failed, came again with attempt 2; a copy was noticed (${seconds} s)`,
    );
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.log(`FAIL  ${name}  ${reason}\n${trial.traces()}`);
    return false;
  } finally {
    await trial
      .close()
      .catch((error: unknown) => console.log(`${name} was not cleaned up: ${String(error)}`));
  }
}

async function main(): Promise<number> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => interrupted.abort(new Error(`interrupted by ${signal}`)));
  }
  const folder = mkdtempSync(join(tmpdir(), 'examples-'));
  const emulator = await startEmulator();
  const context: TrialContext = {
    rabbitmqUrl: (process.env['RABBITMQ_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672').split(',')[0] ?? '',
    emulator,
    folder,
    signal: interrupted.signal,
  };
  const all = candidates();
  const skipped = all.filter(({ command }) => command === undefined);
  for (const { name, advice } of skipped) console.log(`SKIP  ${name.padEnd(WIDTH)}  ${advice}`);
  const waiting = all.flatMap(({ name, command: [command, ...args] = [] }) =>
    command === undefined ? [] : [{ name, command, args }],
  );
  const results: boolean[] = [];
  const takeTurns = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results.push(await tryOut(next, context));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeTurns));
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
  const failed = results.filter((ok) => !ok).length;
  const left =
    skipped.length === 0 ? '' : `, ${skipped.length} SKIPPED: ${skipped.map(({ name }) => name).join(', ')}`;
  console.log(`examples: ${results.length - failed} ok, ${failed} failed${left}`);
  emulator.assertNothingDestroyed();
  return failed === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
