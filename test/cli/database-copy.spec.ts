import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CommandFailed } from '../../src/cli/command/command-result.js';
import { moveDatabase } from '../../src/cli/database/copy-database.js';
import { LeaseBook } from '../../src/ledger/lease-book.js';
import { openMigrated, postgres, type TestDatabase } from '../ledger/databases.js';
import { copyMigratedFile } from '../ledger/template.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { CommandLine, type Ended } from './command-line.js';

describe('the command line, of databases, copy', () => {
  let system: TestSystem<BridgeProcess>;
  let target: TestDatabase | undefined;
  afterEach(async () => {
    await system.close();
    await target?.remove();
    target = undefined;
  });

  /** Without any settings: where both databases are named, it needs none. */
  const run = (...args: string[]): Promise<Ended> => {
    const command = new CommandLine(['database', 'copy', ...args], {}, dirname(system.bridge.databaseFile));
    command.closeInput();
    return command.ended;
  };
  const from = () => `file:${system.bridge.databaseFile}`;

  it('moves a service with events in flight, which goes on as if nothing had been', async () => {
    target = await postgres.create();
    system = await TestSystem.open({
      process: true,
      // Nothing settles before the move.
      settings: { SETTLE_AFTER_MS: '600000' },
    });
    system.push(1, 40);
    await until('events in flight', () => system.delivered().size === 40);
    const running = await run('--from', from(), '--to', target.url);
    expect(running).toMatchObject({ exitCode: 1, stdout: '' });
    expect(running.stderr).toContain('a bridge is running on file:');
    expect(await system.bridge.stop('SIGTERM')).toBe(0);
    system.push(41, 50);

    const { exitCode, stdout } = await run('--from', from(), '--to', target.url, '--json');
    const moved = `${system.bridge.databaseFile}.moved`;
    expect(JSON.parse(stdout)).toMatchObject({
      copied: { portals: 1, deliveries: 40, journal: 0 },
      deliveriesByState: { published: 40 },
      movedTo: moved,
    });
    expect(exitCode).toBe(0);
    expect(existsSync(system.bridge.databaseFile)).toBe(false);
    expect(existsSync(moved)).toBe(true);
    expect(stdout).not.toContain(new URL(target.url).password + '@');

    system.bridge.settings['DATABASE_URL'] = target.url;
    system.bridge.settings['SETTLE_AFTER_MS'] = '1000';
    system.bridge.start();
    await system.bridge.logged('database.ready');
    expect(system.bridge.find('database.ready')?.message).toMatchObject({
      dialect: 'postgres',
      portals: 1,
      migrations: [],
    });
    await until('the events of meanwhile', () => system.delivered().size === 50);
    await until('an empty queue', () => system.portal.rows().length === 0);
    // What was published before the move is not published again.
    expect(system.downstream.received).toHaveLength(50);
  }, 180_000);
});

describe('database copy', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'copy-'));
    path = join(folder, 'bridge.db');
    await copyMigratedFile(path);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['postgres://a/b', 'postgres://a/b', 2, '--from must be file:<path>'],
    ['file::memory:', 'postgres://a/b', 2, '--from must be file:<path>'],
    ['file:x.db', 'file:y.db', 2, '--to must be postgres://'],
    ['file:/nowhere/x.db', 'postgres://a/b', 1, 'there is no database file:/nowhere/x.db'],
  ])('from %s to %s is refused', async (from, to, exitCode, message) => {
    const error: unknown = await moveDatabase(from, to).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CommandFailed);
    expect(error).toMatchObject({ exitCode, message: expect.stringContaining(message) as unknown });
  });

  it('is refused while a service runs on the target, and says nothing of its password', async () => {
    const { place, database: target } = await openMigrated(postgres);
    try {
      const book = new LeaseBook(target, 'somebody', 60_000);
      await book.heartbeat(null);
      await expect(moveDatabase(`file:${path}`, place.url)).rejects.toThrow(
        'a bridge is running on the target',
      );
      expect(existsSync(path)).toBe(true);
      await book.leave();
      const { text } = await moveDatabase(`file:${path}`, place.url);
      expect(text).toContain('0 portals');
      expect(text).toMatch(/to postgres:\/\/\*\*\*@/);
      expect([path, `${path}.moved`].map((file) => existsSync(file))).toEqual([false, true]);
    } finally {
      await target.db.destroy();
      await place.remove();
    }
  });

  it('leaves the file and its name alone when the target cannot be reached or used', async () => {
    const nobody = 'postgres://someone:hidden@127.0.0.1:1/bridge';
    const error: unknown = await moveDatabase(`file:${path}`, nobody).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/nothing was copied: .*ECONNREFUSED/);
    expect(String(error)).not.toContain('hidden');
    expect(existsSync(path)).toBe(true);
  });

  it('does not overwrite the file of an earlier copy', async () => {
    writeFileSync(`${path}.moved`, 'an older one');
    await expect(moveDatabase(`file:${path}`, 'postgres://a/b')).rejects.toThrow('from an earlier copy');
    expect(readFileSync(`${path}.moved`, 'utf8')).toBe('an older one');
  });
});
