import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from './database.js';
import { migrate } from './migrate.js';
import { claimSoleProcess, DatabaseInUse } from './sole-process.js';

describe('a SQLite file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sole-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('serves one process at a time, and the next once that has ended', () => {
    const url = `file:${join(folder, 'bridge.db')}`;
    const release = claimSoleProcess(url);
    expect(() => claimSoleProcess(url)).toThrow(DatabaseInUse);
    release();
    claimSoleProcess(url)();
  });

  it('is free again when its process was killed', () => {
    const path = join(folder, 'k.db');
    claimSoleProcess(`file:${path}`)();
    const code = `const D = require('libsql'); const d = new D(${JSON.stringify(`${path}.lock`)});
      d.exec('begin exclusive');
      const fd = require('fs').openSync(${JSON.stringify(path)}, 'r+');
      if (require('fs-native-extensions').tryLock(fd, 2 ** 40, 1)) process.kill(process.pid, 'SIGKILL')`;
    expect(spawnSync(process.execPath, ['-e', code]).signal).toBe('SIGKILL');
    claimSoleProcess(`file:${path}`)();
  });

  it.each([
    ['a symbolic link to the file', (to: string, name: string) => symlinkSync(to, name)],
    ['a hard link', (to: string, name: string) => linkSync(to, name)],
    [
      'a hard link over a symbolic one',
      (to: string, name: string) => {
        linkSync(to, `${name}.real`);
        symlinkSync(`${name}.real`, name);
      },
    ],
  ])('is claimed by whatever name it has: %s', (_what, link) => {
    const [path, other] = [join(folder, 'bridge.db'), join(folder, 'elsewhere', 'other.db')];
    mkdirSync(join(folder, 'elsewhere'));
    claimSoleProcess(`file:${path}`)();
    link(path, other);
    for (const [first, second] of [
      [path, other],
      [other, path],
    ] as const) {
      const release = claimSoleProcess(`file:${first}`);
      expect(() => claimSoleProcess(`file:${second}`)).toThrow(DatabaseInUse);
      release();
    }
    claimSoleProcess(`file:${other}`)();
  });

  it('is claimed through a link to its folder, and through a link to a file that is yet to be made', () => {
    mkdirSync(join(folder, 'data'));
    symlinkSync(join(folder, 'data'), join(folder, 'link'));
    symlinkSync(join(folder, 'data', 'bridge.db'), join(folder, 'dangling.db'));
    const release = claimSoleProcess(`file:${join(folder, 'dangling.db')}`);
    expect(() => claimSoleProcess(`file:${join(folder, 'link', 'bridge.db')}`)).toThrow(DatabaseInUse);
    release();
  });

  it('hinders nobody who only works with it beside the service', async () => {
    const url = `file:${join(folder, 'bridge.db')}`;
    const release = claimSoleProcess(url);
    const database = openDatabase(url);
    await migrate(database);
    expect(await database.db.selectFrom('portals').selectAll().execute()).toEqual([]);
    await database.db.destroy();
    expect(() => claimSoleProcess(url)).toThrow(DatabaseInUse);
    release();
  });
});

it('a PostgreSQL database is shared: there is nothing to claim', () => {
  const url = 'postgres://nobody@127.0.0.1:1/nowhere';
  claimSoleProcess(url);
  claimSoleProcess(url);
});
