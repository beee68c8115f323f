import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    const code = `const D = require('libsql'); const d = new D(${JSON.stringify(join(folder, 'k.db.lock'))});
      d.exec('begin exclusive'); process.kill(process.pid, 'SIGKILL')`;
    expect(spawnSync(process.execPath, ['-e', code]).signal).toBe('SIGKILL');
    claimSoleProcess(`file:${join(folder, 'k.db')}`)();
  });
});

it('a PostgreSQL database is shared: there is nothing to claim', () => {
  const url = 'postgres://nobody@127.0.0.1:1/nowhere';
  claimSoleProcess(url);
  claimSoleProcess(url);
});
