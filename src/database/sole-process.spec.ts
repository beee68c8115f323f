import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimSoleProcess, DatabaseInUse, type SoleProcessOptions } from './sole-process.js';

const options = (changes: Partial<SoleProcessOptions> = {}): SoleProcessOptions => ({
  signal: new AbortController().signal,
  onWaiting: () => undefined,
  onLost: () => undefined,
  ...changes,
});

describe('a SQLite file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sole-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('serves one process at a time, and the next once that has ended', async () => {
    const url = `file:${join(folder, 'bridge.db')}`;
    const release = await claimSoleProcess(url, options());
    await expect(claimSoleProcess(url, options())).rejects.toThrow(DatabaseInUse);
    await release?.();
    await (
      await claimSoleProcess(url, options())
    )?.();
  });

  it('is free again when its process was killed', async () => {
    const code = `const D = require('libsql'); const d = new D(${JSON.stringify(join(folder, 'k.db.lock'))});
      d.exec('begin exclusive'); process.kill(process.pid, 'SIGKILL')`;
    expect(spawnSync(process.execPath, ['-e', code]).signal).toBe('SIGKILL');
    await (
      await claimSoleProcess(`file:${join(folder, 'k.db')}`, options())
    )?.();
  });
});

describe('a PostgreSQL database', () => {
  const url = process.env['POSTGRES_URL'] ?? 'postgres://postgres:postgres@127.0.0.1:5432/postgres';

  it('makes a second process wait until the first has ended', async () => {
    const release = await claimSoleProcess(url, options());
    let waiting = false;
    let second: (() => Promise<void>) | null | undefined;
    const claiming = claimSoleProcess(url, options({ onWaiting: () => (waiting = true) })).then((claim) => {
      second = claim;
    });
    while (!waiting) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(second).toBeUndefined();
    await release?.();
    await claiming;
    expect(second).toBeInstanceOf(Function);
    await second?.();
  });

  it('lets a waiting process give up', async () => {
    const release = await claimSoleProcess(url, options());
    const giveUp = new AbortController();
    const claim = claimSoleProcess(url, options({ signal: giveUp.signal, onWaiting: () => giveUp.abort() }));
    expect(await claim).toBeNull();
    await release?.();
  });
});
