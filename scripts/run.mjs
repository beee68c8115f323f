import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join, relative } from 'node:path';
import { bundleFolder } from './bundle.mjs';
import { prepare, root } from './prepare.mjs';
import { providePostgres } from './postgres.mjs';
import { provideRabbitmq } from './rabbitmq.mjs';

const note = (line) => console.error(line);
/** A program that does not end this long after a signal is killed; the bridge itself ends within 10 s. */
const END_WITHIN_MS = 15_000;

/**
 * What every `npm run` of a program here does: bring the build up to date, provide the services, run the
 * program with the rest of the command line, end the services, exit as the program did.
 * @param {{ file: string, node?: string[], rabbitmq?: boolean, postgres?: boolean, bundled?: boolean }} program
 * `file` from the project's root; `node` are Node's own options; `bundled` makes bundles of the service and of the command line for it
 */
export async function run({ file, node = [], rabbitmq = false, postgres = false, bundled = false }) {
  let broker;
  let database;
  let child;
  const onSignal = (signal) => {
    // What was begun of a service ends with this process.
    if (child === undefined) process.exit(128 + constants.signals[signal]);
    // A terminal has sent Ctrl-C to the program too, and a second one often means "at once".
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS).unref();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onSignal);
  if (process.env.npm_lifecycle_event) whenOrphaned(() => onSignal('SIGTERM'));

  let code = 1;
  try {
    await prepare({ log: note });
    if (!existsSync(join(root, file))) throw new Error(`${file} is missing after the build`);
    if (rabbitmq) broker = await provideRabbitmq({ log: note });
    if (postgres) database = await providePostgres({ log: note });
    if (bundled) await prepare({ log: note, bundled, broker: broker?.url });
    child = spawn(process.execPath, [...node, join(root, file), ...process.argv.slice(2)], {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        ...(broker && { RABBITMQ_URL: broker.url }),
        ...(database && { POSTGRES_URL: database.url }),
        ...(bundled && existsSync(bundleFolder(root)) && { BRIDGE_PROGRAMS: bundleFolder(root) }),
      },
    });
    code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (status, signal) => resolve(status ?? 128 + constants.signals[signal]));
    });
  } catch (error) {
    note(`${relative(process.cwd(), process.argv[1] ?? '')}: ${error.message}`);
  } finally {
    await broker?.stop().catch((error) => note(`RabbitMQ did not stop cleanly: ${error.message}`));
    await database?.stop().catch((error) => note(`PostgreSQL did not stop cleanly: ${error.message}`));
  }
  process.exit(code);
}

/** npm passes a signal to the shell that it put in between, and a shell such as dash dies without passing it on. */
function whenOrphaned(end) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    end();
  }, 300);
  timer.unref();
}
