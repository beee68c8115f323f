import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');
const FIRST = `
import { describe, expect, it, jest } from '@jest/globals';
interface Shape { readonly sides: number }



describe('first', () => {
  it('fails at line 9', () => {
    expect(({ sides: 3 } satisfies Shape).sides).toBe(4);
  });
  it('leaves things behind', () => {
    process.env.LEFT_BEHIND = 'yes';
    delete process.env.GIVEN;
    jest.spyOn(Math, 'random').mockReturnValue(7);
    jest.useFakeTimers();
    jest.setTimeout(10);
    expect(Math.random()).toBe(7);
  });
  it('rejects something that nobody waits for', async () => {
    jest.useRealTimers();
    void Promise.reject(new Error('forgotten'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    jest.useFakeTimers();
  });
});
`;
const SET_UP = `
export const calls = [];
export default () => { calls.push(expect.getState().testPath); };
`;
const SECOND = `
import { beforeAll, describe, expect, it } from '@jest/globals';
import { calls } from './set-up.mjs';

let before = 0;
beforeAll(() => { before += 1; });
describe('second', () => {
  it.each([[1], [2]])('has its own hooks, and its values %d', (value) => {
    expect(before).toBe(1);
    expect(value).toBeGreaterThan(0);
  });
  it('was set up, as the one before it', () => {
    expect(calls).toEqual([expect.stringContaining('first.spec'), expect.stringContaining('second.spec')]);
  });
  it('finds the process as it was', async () => {
    expect(process.env.LEFT_BEHIND).toBeUndefined();
    expect(process.env.GIVEN).toBe('by the shell');
    expect(Math.random()).toBeLessThan(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
  });
  it('gives up at its limit', async () => {
    await new Promise((resolve) => setTimeout(resolve, 5000));
  }, 20);
});
`;

interface Results {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

describe('suites, one after the other in one process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'runner-'));
  let exitCode: number | null;
  let output = '';
  const statuses = new Map<string, string>();
  const messages = new Map<string, string>();

  beforeAll(async () => {
    // The sequencer takes the larger one first where it knows nothing of either.
    writeFileSync(join(folder, 'first.spec.ts'), `${FIRST}//${' '.repeat(2000)}\n`);
    writeFileSync(join(folder, 'second.spec.ts'), SECOND);
    writeFileSync(join(folder, 'set-up.mjs'), SET_UP);
    const config = {
      rootDir: folder,
      testMatch: ['**/*.spec.ts'],
      testEnvironment: join(ROOT, 'test/runner/environment.mjs'),
      runtime: join(ROOT, 'test/runner/runtime.cjs'),
      setupFilesAfterEnv: [join(folder, 'set-up.mjs')],
      cacheDirectory: join(folder, 'cache'),
    };
    writeFileSync(join(folder, 'jest.config.json'), JSON.stringify(config));
    const results = join(folder, 'results.json');
    const jest = spawn(
      process.execPath,
      [
        join(ROOT, 'node_modules/jest/bin/jest.js'),
        ...['--config', join(folder, 'jest.config.json'), '--runInBand', '--json', '--outputFile', results],
      ],
      { cwd: folder, env: { PATH: process.env['PATH'], GIVEN: 'by the shell' } },
    );
    jest.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    jest.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    exitCode = await new Promise((resolve) => jest.once('close', resolve));
    const { testResults } = JSON.parse(readFileSync(results, 'utf8')) as Results;
    for (const { title, status, failureMessages } of testResults.flatMap((suite) => suite.assertionResults)) {
      statuses.set(title, status);
      messages.set(title, failureMessages.join('\n'));
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('fail where a test of them fails, and pass where none does', () => {
    expect(exitCode).toBe(1);
    expect(Object.fromEntries(statuses)).toEqual({
      'fails at line 9': 'failed',
      'leaves things behind': 'passed',
      'rejects something that nobody waits for': 'failed',
      'has its own hooks, and its values 1': 'passed',
      'has its own hooks, and its values 2': 'passed',
      'was set up, as the one before it': 'passed',
      'finds the process as it was': 'passed',
      'gives up at its limit': 'failed',
    });
  });

  it('say where in the TypeScript', () => {
    expect(messages.get('fails at line 9')).toMatch(/Expected: .*4.*\n.*Received: .*3/);
    expect(output).toContain('first.spec.ts:9:');
    expect(messages.get('gives up at its limit')).toContain('Exceeded timeout of 20 ms');
    expect(messages.get('rejects something that nobody waits for')).toContain('forgotten');
  });
});
