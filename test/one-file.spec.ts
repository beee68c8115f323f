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
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { run } from './cli/in-process.js';
import { nothingLost, notReady, readyAgain, seconds } from './outages/outage.js';
import { BridgeProcess } from './support/bridge-process.js';
import { TestSystem } from './support/test-system.js';

/** Mounts the file alone, as into a container; only for an account that may. */
function mount(...command: string[]): boolean {
  const [program = '', ...args] = command;
  return process.getuid?.() === 0 && spawnSync(program, args).status === 0;
}

describe('one SQLite file', () => {
  let system: TestSystem<BridgeProcess>;
  let file: string;
  /** The portal's events so far: of the objects from 1 on. */
  let last = 0;
  const push = (count: number) => system.push(last + 1, (last += count));
  const reserved = () => system.portal.rows().filter((row) => row.PROCESS_ID !== '');

  let opened = false;
  const close = async () => {
    if (!opened) return;
    opened = false;
    await system.close();
    rmSync(dirname(file), { recursive: true, force: true });
  };
  /** Each test goes on with the service and the file that the last one left, unless that one has failed. */
  let sound = false;
  beforeEach(async () => {
    if (!sound) {
      await close();
      file = join(mkdtempSync(join(tmpdir(), 'elsewhere-')), 'bridge.db');
      system = await TestSystem.open({ process: true, settings: { DATABASE_URL: `file:${file}` } });
      opened = true;
      last = 0;
    }
    sound = false;
  });
  afterAll(close);
  const goesOn = async () => {
    await nothingLost(system, last);
    sound = true;
  };

  it('serves one process, whatever name the second one knows it by', async () => {
    const names = ['symbolic.db', 'hard.db', 'mounted.db'].map((name) => join(dirname(file), name)) as [
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
      for (const name of names) rmSync(name);
    }
    push(5);
    await nothingLost(system, last);
    // However it ends, the next one starts at once.
    await system.bridge.stop('SIGKILL');
    push(3);
    system.bridge.start();
    await system.bridge.logged('database.ready');
    await goesOn();
  });

  it('is missed at once when it is deleted: nothing is reserved, and all goes on when it is back', async () => {
    const kept = join(dirname(file), 'kept.db');
    push(5);
    await nothingLost(system, last);
    linkSync(file, kept);
    unlinkSync(file);
    push(5);
    expect(await notReady(system, 'database')).toContain(`${file} was deleted`);
    const line = await system.bridge.logged('database.file_gone');
    expect(line.message['reason']).toContain('restart the service');
    await seconds(2);
    expect(reserved().length).toBe(0);
    expect(system.delivered().size).toBe(last - 5);
    renameSync(kept, file);
    await readyAgain(system);
    await goesOn();
  });

  it('is told from another in its place, which the next start takes', async () => {
    const copy = join(dirname(file), 'copy.db');
    push(5);
    await nothingLost(system, last);
    const reader = new Libsql(file);
    reader.exec(`vacuum into '${copy}'`);
    reader.close();
    for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
    renameSync(copy, file);
    expect(await notReady(system, 'database')).toContain(`${file} was replaced`);
    push(5);
    await seconds(2);
    expect(reserved().length).toBe(0);
    expect(await system.bridge.stop()).toBe(0);
    system.bridge.start();
    await system.ready();
    await goesOn();
  });

  it('is missed when its -wal file is deleted, and what that held is there after a restart', async () => {
    push(5);
    await nothingLost(system, last);
    for (const suffix of ['-wal', '-shm']) unlinkSync(file + suffix);
    push(5);
    expect(await notReady(system, 'database')).toContain('bridge.db-wal was deleted');
    await seconds(1);
    expect(reserved().length).toBe(0);
    await system.bridge.stop('SIGKILL');
    system.bridge.start();
    await system.bridge.logged('replies.consuming');
    await readyAgain(system);
    await goesOn();
  });

  it('is not worked on when a backup is copied over it', async () => {
    const backup = join(dirname(file), 'backup.db');
    expect(await run(system.bridge, ['database', 'backup', backup])).toMatchObject({ exitCode: 0 });
    push(5);
    await nothingLost(system, last);
    const overwrite = () => writeFileSync(file, readFileSync(backup));
    overwrite();
    push(5);
    expect(await notReady(system, 'database')).toContain('was overwritten');
    await seconds(1);
    expect(reserved().length).toBe(0);
    // As its reason says.
    await system.bridge.stop();
    for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
    overwrite();
    system.bridge.start();
    await system.bridge.logged('replies.consuming');
    await readyAgain(system);
    await goesOn();
  });
});
