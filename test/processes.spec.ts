import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from '../scripts/prepare.mjs';
import { descendantsOf, isAlive, startedAt } from '../scripts/processes.mjs';
import { TemporaryServer } from '../scripts/temporary-server.mjs';
import { until } from './support/until.js';

/** In a container without an init process nobody reaps what has lost its parent; here, `sleep` does not. */
async function unreaped(): Promise<{ parent: ChildProcess; pid: number }> {
  const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((resolve) =>
    parent.stdout?.once('data', (chunk: Buffer) => resolve(Number(chunk.toString()))),
  );
  expect(isAlive(pid)).toBe(true);
  expect(descendantsOf(parent.pid!)).toEqual([pid]);
  await until('it has ended', () => !isAlive(pid));
  return { parent, pid };
}

describe('a process that has ended and that nobody reaps', () => {
  let parent: ChildProcess;
  let pid: number;
  beforeEach(async () => ({ parent, pid } = await unreaped()));
  afterEach(() => {
    parent.kill('SIGKILL');
  });

  it('is not alive, though it still answers to a signal', () => {
    expect(process.kill(pid, 0)).toBe(true);
    expect(descendantsOf(parent.pid!)).toEqual([]);
    expect(isAlive(parent.pid!)).toBe(true);
  });

  it('holds up nobody who prepares the same folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'held-'));
    const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
    const held = join(tmpdir(), `bitrix24-offline-bridge-prepare-${name}`);
    try {
      writeFileSync(join(folder, 'package.json'), '{"name":"p","version":"1.0.0"}');
      writeFileSync(
        join(folder, 'package-lock.json'),
        '{"name":"p","version":"1.0.0","lockfileVersion":3,"packages":{}}',
      );
      const others = [
        `${pid} ${startedAt(pid)}`,
        // A container that starts again gives out the numbers that it gave before.
        `${process.pid} 1`,
      ];
      for (const holder of others) {
        writeFileSync(held, holder);
        await prepare({ folder, log: () => {} });
      }
    } finally {
      rmSync(folder, { recursive: true });
      rmSync(held, { force: true });
    }
  });
});

describe('a server that is killed', () => {
  it('is gone when all that it started is gone, so that it can be started on the same data', async () => {
    const server = new TemporaryServer({ name: 'family', account: 'nobody', stopSignal: 'SIGTERM' });
    try {
      const started = server.start('sh', ['-c', 'sleep 1 & wait'], { output: 'log' });
      await until('it has children', () => server.processes().length === 2);
      const family = server.processes();
      await server.end(started, 'SIGKILL');
      expect(family.filter(isAlive)).toEqual([]);
      expect(server.processes()).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});
