import { parseEnv } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { type EnvFile, parseEnvFile } from './env-file.js';

const read = (text: string): EnvFile => parseEnvFile(Buffer.from(text));
const valuesOf = (text: string) => Object.fromEntries(read(text).values);
const remarksOf = (text: string) => read(text).remarks.map(({ line, kind, name }) => [line, kind, name]);

describe('an .env file', () => {
  it.each([
    'A=1\nB=2',
    'A=1\r\nB = 2 \r\n',
    '# comment\n\nA=1 # one\nexport B=2\n',
    'A="1 # one"\nB=\'2 "two"\'\nC=`3`\nD=""\nE=\n',
    'A="first\nsecond"\nB=2\n',
    'A="first\\nsecond"\nB=\'first\\nsecond\'\n',
    'A="1" # one\nB= x y \nC=a=b=c\n',
    'a.b=1\nA-B=2\n',
    'A=1\nA=2\n',
  ])('is read as Node reads it: %j', (text) => {
    expect(valuesOf(text)).toEqual({ ...parseEnv(text) });
  });

  it('may begin with a mark of its encoding, and have two bytes a character', () => {
    const text = 'B24_CLIENT_ID=local.1.1\r\nB24_CLIENT_SECRET=ключ\r\n';
    const values = { B24_CLIENT_ID: 'local.1.1', B24_CLIENT_SECRET: 'ключ' };
    expect(valuesOf(`\uFEFF${text}`)).toEqual(values);
    expect(valuesOf(`A=1\n\uFEFF${text}`)).toEqual({ A: '1', ...values });
    const little = Buffer.from(`\uFEFF${text}`, 'utf16le');
    expect(Object.fromEntries(parseEnvFile(little).values)).toEqual(values);
    expect(Object.fromEntries(parseEnvFile(Buffer.from(little).swap16()).values)).toEqual(values);
    expect(read(`\uFEFF${text}`).remarks).toEqual([]);
  });

  it('may be indented', () => {
    expect(valuesOf('  # comment\n  export A=1\n\t# more\n B = 2')).toEqual({ A: '1', B: '2' });
  });

  it('takes # for a comment only after a blank', () => {
    expect(valuesOf('A=se#cret\nB=#cret\nC= # nothing\nD=se #cret\nE=a\t# b')).toEqual({
      A: 'se#cret',
      B: '#cret',
      C: '',
      D: 'se',
      E: 'a',
    });
  });

  it('names a line that assigns nothing, by its first word at most where that can be no secret', () => {
    expect(remarksOf('B24_CLIENT_ID local.1.1\n')).toEqual([[1, 'no-equals', 'B24_CLIENT_ID']]);
    expect(remarksOf('\n\nB24_CLIENT_ID: local.1.1\n')).toEqual([[3, 'no-equals', 'B24_CLIENT_ID']]);
    expect(remarksOf('export DRAIN_LIMIT\n')).toEqual([[1, 'no-equals', 'DRAIN_LIMIT']]);
    expect(remarksOf('A=1\nq8sK3mvQ0aTz\n')).toEqual([[2, 'no-equals', null]]);
    expect(remarksOf('A=1\n/+q8sK3mvQ0aTz==\n')).toEqual([[2, 'no-name', null]]);
    expect(remarksOf('$env:B24_CLIENT_ID = "x"\nset B24_EVENTS=x\n')).toEqual([
      [1, 'no-name', null],
      [2, 'no-name', 'B24_EVENTS'],
    ]);
  });

  it('keeps a quote that is not closed within its line, and what follows within the file', () => {
    const text = 'B24_CLIENT_SECRET="sesame\nB24_CLIENT_ID=local.1\nLOG_LEVEL="debug"\n';
    expect(valuesOf(text)).toEqual({
      B24_CLIENT_SECRET: '"sesame',
      B24_CLIENT_ID: 'local.1',
      LOG_LEVEL: 'debug',
    });
    expect(remarksOf(text)).toEqual([[1, 'open-quote', 'B24_CLIENT_SECRET']]);
    expect(remarksOf(`A="one" two\nB='tis\n`)).toEqual([
      [1, 'after-quote', 'A'],
      [2, 'open-quote', 'B'],
    ]);
  });

  it('takes the last of two lines for one name, and says so', () => {
    expect(valuesOf('A=1\nB=2\nA=3')).toEqual({ A: '3', B: '2' });
    expect(remarksOf('A=1\nB=2\nA=3')).toEqual([[3, 'twice', 'A']]);
  });
});
