import { type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What is gone at once, even where nothing can be awaited any more. */
const children = new Set<ChildProcess>();
const folders = new Set<string>();

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** What a run has started or created, and how to undo it: the newest first. */
export class Cleanup {
  private readonly steps: { what: string; undo: () => Promise<unknown> }[] = [];
  private done: Promise<void> | null = null;

  /** Remembers how to undo something. */
  defer(what: string, undo: () => Promise<unknown>): void {
    this.steps.push({ what, undo });
  }

  /** A temporary folder. */
  folder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'bridge-bench-'));
    folders.add(folder);
    this.defer(`remove ${folder}`, () => {
      rmSync(folder, { recursive: true, force: true });
      folders.delete(folder);
      return Promise.resolve();
    });
    return folder;
  }

  /** A process that must not outlive the run. */
  child(child: ChildProcess): void {
    children.add(child);
    child.once('exit', () => children.delete(child));
    child.once('error', () => children.delete(child));
    this.defer(`end process ${child.pid ?? '?'}`, () => {
      if (!children.has(child)) return Promise.resolve();
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      return gone;
    });
  }

  /** Undoes everything. Never rejects: what cannot be undone is said, and the rest is undone all the same. */
  run(): Promise<void> {
    return (this.done ??= this.undoAll());
  }

  private async undoAll(): Promise<void> {
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      try {
        await step.undo();
      } catch (error) {
        console.error(`could not ${step.what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}
