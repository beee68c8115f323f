import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, sql, type Transaction } from 'kysely';
import Libsql from 'libsql';
import { type Database, databaseOver, openDatabase } from './database.js';
import { migrate } from './migrate.js';
import { type Schema } from './schema.js';
import { PatientSqliteDialect } from './sqlite-driver.js';

const entry = (row: string) => ({
  member_id: 'm',
  row_id: row,
  message_id: row,
  changed_at: 1,
  event: 'E',
  payload: 'null',
  user_id: null,
  errored: 0 as const,
});

describe('transactions that wait for each other on SQLite', () => {
  let folder: string;
  let path: string;
  let database: Database;
  /** What was sent as it is, beside prepared statements: where transactions begin and end. */
  let sent: string[];
  let failing: string | null;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bridge-db-'));
    path = join(folder, 'bridge.db');
    const first = openDatabase(`file:${path}`);
    await migrate(first);
    await first.db.destroy();
    sent = [];
    failing = null;
    const open = () => {
      const file = new Libsql(path);
      return {
        prepare: (text: string) => file.prepare(text),
        close: () => file.close(),
        exec: (text: string) => {
          sent.push(text);
          if (text === failing) throw new Error('the disk is gone');
          file.exec(text);
        },
      };
    };
    database = databaseOver('sqlite', new Kysely<Schema>({ dialect: new PatientSqliteDialect({ open }) }));
  });
  afterEach(async () => {
    await database.db.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (tx: Transaction<Schema>, row: string) =>
    tx.insertInto('journal').values(entry(row)).execute();
  const written = async (db: Kysely<Schema> = database.db) =>
    (await db.selectFrom('journal').select('row_id').orderBy('row_id').execute()).map(({ row_id }) => row_id);
  const commits = () => sent.filter((text) => text === 'commit').length;
  const all = (count: number) => Array.from({ length: count }, (_, index) => String(index).padStart(3, '0'));

  it('share a commit, and each resolves with its own result when that has worked', async () => {
    const other = openDatabase(`file:${path}`);
    const seenAfter: number[] = [];
    const results = await Promise.all(
      all(10).map(async (row) => {
        const result = await database.transact(async (tx) => {
          await write(tx, row);
          return row;
        });
        // Another connection sees nothing that is not committed.
        seenAfter.push((await written(other.db)).length);
        return result;
      }),
    );
    await other.db.destroy();
    expect(results).toEqual(all(10));
    expect(Math.min(...seenAfter)).toBeGreaterThan(0);
    expect(await written()).toEqual(all(10));
    expect(commits()).toBeLessThan(10);
  });

  it('one that waits for nobody has a commit of its own', async () => {
    await database.transact((tx) => write(tx, 'a'));
    await database.transact((tx) => write(tx, 'b'));
    expect(sent).toEqual(['begin immediate', 'commit', 'begin immediate', 'commit']);
  });

  it.each([0, 1, 4, 9])('the %i. of ten fails alone, whatever it had written', async (bad) => {
    const results = await Promise.allSettled(
      all(10).map((row, index) =>
        database.transact(async (tx) => {
          await write(tx, row);
          if (index === bad) await write(tx, row);
        }),
      ),
    );
    expect(results.map(({ status }) => status === 'rejected')).toEqual(
      all(10).map((_, index) => index === bad),
    );
    expect(await written()).toEqual(all(10).filter((_, index) => index !== bad));
  });

  it('a defect in one is no failure of the others', async () => {
    const [good, bad, other] = await Promise.allSettled([
      database.transact((tx) => write(tx, 'a')),
      database.transact(async (tx) => {
        await write(tx, 'b');
        throw new TypeError('a defect');
      }),
      database.transact((tx) => write(tx, 'c')),
    ]);
    expect([good?.status, bad?.status, other?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await written()).toEqual(['a', 'c']);
  });

  it('all fail where the commit fails, and nothing of them is written', async () => {
    failing = 'commit';
    const results = await Promise.allSettled(all(5).map((row) => database.transact((tx) => write(tx, row))));
    expect(results.map(({ status }) => status)).toEqual(all(5).map(() => 'rejected'));
    failing = null;
    expect(await written()).toEqual([]);
    await database.transact((tx) => write(tx, 'later'));
    expect(await written()).toEqual(['later']);
  });

  it('all of a group fail where the database gives up the whole transaction', async () => {
    const results = await Promise.allSettled([
      database.transact((tx) => write(tx, 'a')),
      // As a full disk does it.
      database.transact(async (tx) => {
        await sql`rollback`.execute(tx);
        throw new Error('the disk is full');
      }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await written()).toEqual([]);
    await database.transact((tx) => write(tx, 'later'));
    expect(await written()).toEqual(['later']);
  });

  it('readers do not wait for what is being written, and see what is committed', async () => {
    const own = openDatabase(`file:${path}`);
    let goOn: () => void = () => undefined;
    const going = new Promise<void>((resolve) => (goOn = resolve));
    const writing = own.transact(async (tx) => {
      await write(tx, 'a');
      await going;
    });
    expect(await written(own.db)).toEqual([]);
    expect((await sql`select row_id from journal`.execute(own.db)).rows).toEqual([]);
    goOn();
    await writing;
    expect(await written(own.db)).toEqual(['a']);
    await own.transact(async (tx) => {
      await write(tx, 'b');
      expect((await tx.selectFrom('journal').select('row_id').execute()).length).toBe(2);
    });
    await own.db.deleteFrom('journal').where('row_id', '=', 'a').execute();
    await sql`delete from journal where row_id = 'b'`.execute(own.db);
    expect(await written(own.db)).toEqual([]);
    await own.db.destroy();
  });

  it('a question that fails leaves the next ones to see what is committed later', async () => {
    const own = openDatabase(`file:${path}`);
    const failing = sql`select abs(-9223372036854775808) from journal`;
    await own.transact((tx) => write(tx, 'a'));
    await expect(failing.execute(own.db)).rejects.toThrow(/overflow/);
    await own.transact((tx) => write(tx, 'b'));
    expect(await written(own.db)).toEqual(['a', 'b']);
    await own.db.destroy();
  });

  it('readers come in between, however much is to be written', async () => {
    let left = 200;
    const slow = all(left).map((row) =>
      database.transact(async (tx) => {
        await write(tx, row);
        left -= 1;
      }),
    );
    const seen = (await written()).length;
    expect(left).toBeGreaterThan(100);
    expect(seen).toBeLessThan(100);
    await Promise.all(slow);
    expect(await written()).toEqual(all(200));
  });

  it('small work overtakes large work that waits, which has its turn after each commit', async () => {
    const done: string[] = [];
    const add = (name: string, rows: number) =>
      database
        .transact(async (tx) => {
          for (let row = 0; row < rows; row += 1) await write(tx, `${name} ${row}`);
        }, rows)
        .then(() => done.push(name));
    const large = ['A', 'B', 'C', 'D'].map((name) => add(name, 400));
    const small = ['a', 'b', 'c'].map((name) => add(name, 1));
    await Promise.all(small);
    // A slow machine commits small pieces one by one, and a large one after each: never are there two of those in a row.
    expect(done.join('')).not.toMatch(/[A-Z]{2}.*[a-z]/);
    await Promise.all(large);
    expect(done.filter((name) => name === name.toUpperCase())).toEqual(['A', 'B', 'C', 'D']);
  });

  it('large work is done, however much there is that is small', async () => {
    let going = true;
    const never = async (name: string) => {
      for (let count = 0; going; count += 1) await database.transact((tx) => write(tx, `${name}${count}`), 1);
    };
    const small = all(20).map((name) => never(`${name} `));
    const large = all(3).map((name) => database.transact((tx) => write(tx, `large ${name}`), 1000));
    await Promise.all(large);
    going = false;
    await Promise.all(small);
    expect((await written()).filter((row) => row.startsWith('large'))).toHaveLength(3);
  });

  it('connections are served within one long transaction too', async () => {
    const turns: number[] = [];
    let count = 0;
    const timer = setInterval(() => turns.push(count), 1);
    await database.transact(async (tx) => {
      for (; count < 2000; count += 1) await write(tx, String(count));
    });
    clearInterval(timer);
    expect(turns.length).toBeGreaterThan(3);
  });

  it('connections are served in between, however much is to be written', async () => {
    let left = 900;
    const turns: number[] = [];
    const timer = setInterval(() => turns.push(left), 1);
    // Each piece leads to the next, as in the rounds of a portal with a long backlog.
    const chain = async (name: string) => {
      for (let count = 0; count < 300; count += 1) {
        await database.transact((tx) => write(tx, `${name}${count}`));
        left -= 1;
      }
    };
    await Promise.all(['a', 'b', 'c'].map(chain));
    clearInterval(timer);
    expect(turns.length).toBeGreaterThan(5);
  });
});
