import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { type DriverFile, StatementCache } from './statement-cache.js';

describe('prepared statements', () => {
  let file: DriverFile;
  let prepared: string[];
  let cache: StatementCache;
  beforeEach(() => {
    const inner = new Libsql(':memory:');
    prepared = [];
    file = {
      prepare: (text) => {
        prepared.push(text);
        return inner.prepare(text);
      },
      exec: (text) => void inner.exec(text),
      close: () => inner.close(),
    };
    cache = new StatementCache(file);
    cache.exec('create table notes (id integer primary key, text text unique)');
  });
  afterEach(() => cache.close());

  const add = (text: string) => cache.prepare('insert into notes (text) values (?)').run([text]);
  const all = () => cache.prepare('select * from notes order by id').all([]);

  it('are prepared once', () => {
    add('a');
    add('b');
    expect(all()).toHaveLength(2);
    expect(all()).toHaveLength(2);
    expect(prepared).toEqual(['insert into notes (text) values (?)', 'select * from notes order by id']);
  });

  it('see a column that was added later', () => {
    add('a');
    all();
    cache.exec('alter table notes add column author text');
    expect(all()).toEqual([{ id: 1, text: 'a', author: null }]);
  });

  it('are prepared again after they failed, and keep nothing from being committed', () => {
    add('a');
    cache.exec('begin immediate');
    add('b');
    expect(() => add('a')).toThrow(/UNIQUE/);
    cache.exec('commit');
    add('c');
    expect(all()).toHaveLength(3);
    expect(prepared.filter((text) => text.startsWith('insert'))).toHaveLength(2);
  });

  it('are 100 at most, those asked last', () => {
    for (let index = 0; index < 100; index += 1) cache.prepare(`select ${index}`);
    cache.prepare('select 0');
    cache.prepare('select 100');
    prepared.length = 0;
    cache.prepare('select 0');
    cache.prepare('select 100');
    expect(prepared).toEqual([]);
    cache.prepare('select 1');
    expect(prepared).toEqual(['select 1']);
  });

  it('are not kept where their text was made for one list', () => {
    const long = `select 1 in (${Array.from({ length: 2000 }, (_, index) => index).join()})`;
    cache.prepare(long);
    cache.prepare(long);
    expect(prepared).toHaveLength(2);
  });
});
