import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Cleanup } from './cleanup.js';

const BENCH = join(import.meta.dirname, '..');

/**
 * Starts a program of this folder as a process of its own, so that it shares no event loop with what is measured,
 * and gives it its task as the first message.
 * @param onMessage is told whatever it sends
 */
export function startProgram(
  cleanup: Cleanup,
  file: string,
  task: object,
  onMessage: (message: unknown) => void,
): ChildProcess {
  const child = fork(join(BENCH, file), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  cleanup.child(child);
  child.on('message', onMessage);
  child.send(task);
  return child;
}

/**
 * Runs such a program to its end.
 * @throws Error when it fails
 */
export async function runProgram(
  cleanup: Cleanup,
  file: string,
  task: object,
  onMessage: (message: unknown) => void,
): Promise<void> {
  const child = startProgram(cleanup, file, task, onMessage);
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${file} ended with ${code ?? 'a signal'}`);
}

/** What a program has been given to do, and how it speaks with whoever started it. */
interface Assignment<Task> {
  readonly task: Task;
  readonly report: (message: object) => void;
  /** Resolves when everything reported has left; nothing can be reported after it. */
  readonly finish: () => Promise<void>;
}

/** In the program: its task. It ends when whoever started it is gone. */
export async function readTask<Task>(): Promise<Assignment<Task>> {
  const orphaned = () => process.exit(1);
  process.once('disconnect', orphaned);
  // A terminal sends Ctrl-C to every process; who started this one decides when it ends.
  process.on('SIGINT', () => undefined);
  const [task] = (await once(process, 'message')) as [Task];
  let sent = Promise.resolve();
  return {
    task,
    report: (message) => {
      const left = new Promise<void>((resolve) => process.send?.(message, () => resolve()));
      sent = sent.then(() => left);
    },
    finish: async () => {
      await sent;
      process.off('disconnect', orphaned);
      process.disconnect();
    },
  };
}
