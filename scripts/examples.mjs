import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall, canAptInstall } from './installers.mjs';
import { root } from './prepare.mjs';
import { run } from './run.mjs';
import { findProgram } from './temporary-server.mjs';

const APT_WITHIN_MS = 120_000;

/** Debian's python3 has Debian's pika, and another python3 may come before it on the PATH. */
function pythonWithPika() {
  return [findProgram('python3'), '/usr/bin/python3', findProgram('python')].find((program) =>
    succeeds(program, ['-c', 'import pika']),
  );
}

function phpWithAmqplib() {
  const composer = join(root, 'examples/php/vendor/autoload.php');
  const autoload = existsSync(composer) ? composer : 'PhpAmqpLib/autoload.php';
  const php = findProgram('php');
  return succeeds(php, ['-r', `require '${autoload}';`]) ? php : undefined;
}

function succeeds(program, args) {
  if (program === undefined || !existsSync(program)) return false;
  return spawnSync(program, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;
}

if (process.env.CI === 'true' && canAptInstall() && !(pythonWithPika() && phpWithAmqplib())) {
  // Where that fails, the examples concerned are skipped, and their lines say so.
  await aptInstall(['python3-pika', 'php-cli', 'php-amqplib'], (line) => console.error(line), {
    timeoutMs: APT_WITHIN_MS,
  }).catch((error) => console.error(error.message));
}
const found = { EXAMPLES_PYTHON: pythonWithPika(), EXAMPLES_PHP: phpWithAmqplib() };
for (const [name, program] of Object.entries(found)) if (program !== undefined) process.env[name] = program;

await run({ file: 'build/examples/check/main.js', rabbitmq: true });
