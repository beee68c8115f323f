import { spawnSync } from 'node:child_process';
import {
  linkSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { run } from './cli/command-line.js';
import { nothingLost, notReady, readyAgain, seconds } from './outages/outage.js';
import { BridgeProcess } from './support/bridge-process.js';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

/** Mounts the file alone, as into a container; only for an account that may. */
function mount(...command: string[]): boolean {
  const [program = '', ...args] = command;
  return process.getuid?.() === 0 && spawnSync(program, args).status === 0;
}

describe('one SQLite file', () => {
  let system: TestSystem;
  let elsewhere: string;
  beforeEach(async () => {
    elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'));
    system = await TestSystem.open({ settings: { DATABASE_URL: `file:${join(elsewhere, 'bridge.db')}` } });
  });
  afterEach(async () => {
    await system.close();
    rmSync(elsewhere, { recursive: true, force: true });
  });

  it('serves one process, whatever name the second one knows it by', async () => {
    const file = join(elsewhere, 'bridge.db');
    const names = ['symbolic.db', 'hard.db', 'mounted.db'].map((name) => join(elsewhere, name)) as [
      string,
      string,
      string,
    ];
    symlinkSync(file, names[0]);
    linkSync(file, names[1]);
    writeFileSync(names[2], '');
    const mounted = mount('mount', '--bind', file, names[2]);
    try {
      for (const name of mounted ? names : names.slice(0, 2)) {
        const second = new BridgeProcess({ ...system.bridge.settings, DATABASE_URL: `file:${name}` });
        try {
          second.start();
          expect(await second.exited()).toBe(1);
          expect(second.output).toContain(`Another bridge is running on ${name}`);
          expect(second.find('database.ready')).toBeUndefined();
        } finally {
          await second.remove();
        }
      }
    } finally {
      if (mounted) mount('umount', names[2]);
    }
    system.push(1, 5);
    await nothingLost(system, 5);
    // However it ends, the next one starts at once.
    await system.bridge.stop('SIGKILL');
    system.push(6, 8);
    system.bridge.start();
    await system.bridge.logged('database.ready');
    await nothingLost(system, 8);
  });

  it('is missed at once when it is deleted: nothing is reserved, and all goes on when it is back', async () => {
    const file = join(elsewhere, 'bridge.db');
    system.push(1, 5);
    await nothingLost(system, 5);
    linkSync(file, join(elsewhere, 'kept.db'));
    unlinkSync(file);
    system.push(6, 10);
    expect(await notReady(system, 'database')).toContain(`${file} was deleted`);
    const line = await system.bridge.logged('database.file_gone');
    expect(line.message['reason']).toContain('restart the service');
    await seconds(2);
    expect(system.portal.rows().filter((row) => row.PROCESS_ID !== '').length).toBe(0);
    expect(system.delivered().size).toBe(5);
    renameSync(join(elsewhere, 'kept.db'), file);
    await readyAgain(system);
    await nothingLost(system, 10);
  });

  it('is told from another in its place, which the next start takes', async () => {
    const file = join(elsewhere, 'bridge.db');
    system.push(1, 5);
    await nothingLost(system, 5);
    await system.bridge.stop();
    const backup = new Libsql(file);
    backup.exec(`vacuum into '${join(elsewhere, 'backup.db')}'`);
    backup.close();
    system.bridge.start();
    await system.bridge.logged('replies.consuming');
    for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
    renameSync(join(elsewhere, 'backup.db'), file);
    expect(await notReady(system, 'database')).toContain(`${file} was replaced`);
    system.push(6, 10);
    await seconds(2);
    expect(system.portal.rows().filter((row) => row.PROCESS_ID !== '').length).toBe(0);
    expect(await system.bridge.stop()).toBe(0);
    system.bridge.start();
    await system.bridge.logged('http.listening');
    await until('the service to be ready', async () => (await system.get('/health/ready')).status === 200);
    await nothingLost(system, 10);
  });

  it('is missed when its -wal file is deleted, and what that held is there after a restart', async () => {
    const file = join(elsewhere, 'bridge.db');
    system.push(1, 5);
    await nothingLost(system, 5);
    for (const suffix of ['-wal', '-shm']) unlinkSync(file + suffix);
    system.push(6, 10);
    expect(await notReady(system, 'database')).toContain('bridge.db-wal was deleted');
    await seconds(1);
    expect(system.portal.rows().filter((row) => row.PROCESS_ID !== '').length).toBe(0);
    await system.bridge.stop('SIGKILL');
    system.bridge.start();
    await system.bridge.logged('replies.consuming');
    await readyAgain(system);
    await nothingLost(system, 10);
  });

  it('is not worked on when a backup is copied over it', async () => {
    const file = join(elsewhere, 'bridge.db');
    expect(await run(system.bridge, ['database', 'backup', join(elsewhere, 'backup.db')])).toMatchObject({
      exitCode: 0,
    });
    system.push(1, 5);
    await nothingLost(system, 5);
    const overwrite = () => writeFileSync(file, readFileSync(join(elsewhere, 'backup.db')));
    overwrite();
    system.push(6, 10);
    expect(await notReady(system, 'database')).toContain('was overwritten');
    await seconds(1);
    expect(system.portal.rows().filter((row) => row.PROCESS_ID !== '').length).toBe(0);
    // As its reason says.
    await system.bridge.stop();
    for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
    overwrite();
    system.bridge.start();
    await system.bridge.logged('replies.consuming');
    await readyAgain(system);
    await nothingLost(system, 10);
  });
});
