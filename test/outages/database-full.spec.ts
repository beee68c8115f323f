import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Libsql from 'libsql';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Meter, nothingLost, notReady, readyAgain, seconds } from './outage.js';

/** A disk of a few megabytes where this account may mount one; elsewhere the database itself refuses to grow. */
class SmallDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'small-disk-'));
  private readonly mounted = mount('mount', '-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', this.folder);
  readonly databaseFile = join(this.folder, 'bridge.db');
  private readonly filler = join(this.folder, 'filler');

  fill(): void {
    if (!this.mounted) {
      this.inDatabase(
        `create trigger full before insert on deliveries begin select raise(abort, 'database or disk is full'); end`,
        `create trigger full_too before update on portals begin select raise(abort, 'database or disk is full'); end`,
      );
      return;
    }
    const file = openSync(this.filler, 'w');
    try {
      for (;;) writeSync(file, Buffer.alloc(4096, 1));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    if (this.mounted) rmSync(this.filler);
    else this.inDatabase('drop trigger full', 'drop trigger full_too');
  }

  remove(): void {
    if (this.mounted) mount('umount', this.folder);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private inDatabase(...statements: string[]): void {
    const file = new Libsql(this.databaseFile);
    file.exec('pragma busy_timeout = 5000');
    for (const statement of statements) file.exec(statement);
    file.close();
  }
}

function mount(...command: string[]): boolean {
  const [program = '', ...args] = command;
  return process.getuid?.() === 0 && spawnSync(program, args).status === 0;
}

describe('a full disk under the database', () => {
  let system: TestSystem;
  let disk: SmallDisk;
  beforeEach(() => {
    disk = new SmallDisk();
  });
  afterEach(async () => {
    await system.close();
    disk.remove();
  });

  it('stops reserving, is named, and loses nothing that was reserved meanwhile', async () => {
    system = await TestSystem.open({
      settings: { DATABASE_URL: `file:${disk.databaseFile}`, DRAIN_LIMIT: '200' },
    });
    system.push(1, 50);
    await until('deliveries', () => system.delivered().size === 50);
    disk.fill();
    const meter = new Meter(system);
    system.push(51, 1200);
    const failed = await system.bridge.logged('round.ledger_failed');
    expect(failed.message['reason']).toContain('database or disk is full');
    expect(await notReady(system, 'database')).toContain('database or disk is full');
    await seconds(3);
    expect((await system.get('/health/live')).status).toBe(200);
    expect(await notReady(system, 'database')).toContain('database or disk is full');
    // What was reserved before the first failure; nothing is added to it.
    const reserved = system.portal.rows().filter((row) => row.PROCESS_ID !== '').length;
    expect(reserved).toBeLessThanOrEqual(450);
    const cost = meter.read();
    expect(cost.requests).toBeLessThan(3);
    expect(cost.lines).toBeLessThan(5);
    disk.free();
    await readyAgain(system);
    await nothingLost(system, 1200);
  });

  it('is waited for at the start', async () => {
    system = await TestSystem.open({ settings: { DATABASE_URL: `file:${disk.databaseFile}` } });
    expect(await system.bridge.stop()).toBe(0);
    system.push(1, 20);
    disk.fill();
    system.bridge.start();
    await system.bridge.logged('http.listening');
    expect(await notReady(system, 'database')).toMatch(/full|I\/O error|unable to open/i);
    expect((await system.get('/health/live')).status).toBe(200);
    disk.free();
    await readyAgain(system);
    await nothingLost(system, 20);
  });
});
