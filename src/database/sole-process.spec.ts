import { afterEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimSoleProcess, DatabaseInUse } from './sole-process.js';

describe('a SQLite file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sole-'));
  const url = `file:${join(folder, 'bridge.db')}`;
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('serves one process at a time, and the next once that has ended', () => {
    const release = claimSoleProcess(url);
    expect(() => claimSoleProcess(url)).toThrow(DatabaseInUse);
    release();
    claimSoleProcess(url)();
  });

  it('is free again when its process was killed', () => {
    const code = `const D = require('libsql'); const d = new D(${JSON.stringify(join(folder, 'k.db.lock'))});
      d.exec('begin exclusive'); process.kill(process.pid, 'SIGKILL')`;
    rmSync(folder, { recursive: true, force: true });
    const made = mkdtempSync(join(tmpdir(), 'sole-'));
    const child = spawnSync(process.execPath, ['-e', code.replace(folder, made)], { cwd: process.cwd() });
    expect(child.signal).toBe('SIGKILL');
    claimSoleProcess(`file:${join(made, 'k.db')}`)();
    rmSync(made, { recursive: true, force: true });
  });
});

it('PostgreSQL needs no claim', () => {
  claimSoleProcess('postgres://nowhere/x')();
});
