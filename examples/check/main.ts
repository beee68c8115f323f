import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator } from '../../emulator/index.js';
import { type Example, type Surroundings, Trial } from './trial.js';

const ROOT = join(import.meta.dirname, '../../..');

/** All examples; one whose runtime is missing has no command but what to install. */
const EXAMPLES: readonly { name: string; command: string | undefined; file: string; advice: string }[] = [
  { name: 'nestjs', command: process.execPath, file: 'build/examples/nestjs/main.js', advice: '' },
  { name: 'amqplib', command: process.execPath, file: 'examples/amqplib/consumer.mjs', advice: '' },
  {
    name: 'python',
    command: process.env['EXAMPLES_PYTHON'],
    file: 'examples/python/consumer.py',
    advice: 'no python3 with pika: apt-get install python3-pika, or pip install pika',
  },
  {
    name: 'php',
    command: process.env['EXAMPLES_PHP'],
    file: 'examples/php/consumer.php',
    advice:
      'no php with php-amqplib: apt-get install php-cli php-amqplib, or composer require php-amqplib/php-amqplib in examples/php',
  },
];

/** Prints one line about it. */
async function tryOut(example: Example, around: Surroundings): Promise<boolean> {
  const startedAt = performance.now();
  const trial = new Trial(example, around);
  const name = example.name.padEnd(8);
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
  const around: Surroundings = {
    rabbitmqUrl: (process.env['RABBITMQ_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672').split(',')[0] ?? '',
    emulator,
    folder,
    signal: interrupted.signal,
  };
  const skipped = EXAMPLES.filter(({ command }) => command === undefined);
  for (const { name, advice } of skipped) console.log(`SKIP  ${name.padEnd(8)}  ${advice}`);
  const results = await Promise.all(
    EXAMPLES.flatMap(({ name, command, file }) =>
      command === undefined ? [] : [tryOut({ name, command, args: [join(ROOT, file)] }, around)],
    ),
  );
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
