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
  it('has faked timers in which the process itself goes on', async () => {
    jest.useFakeTimers();
    let done = 0;
    await new Promise((resolve) => {
      process.nextTick(() => (done += 1));
      queueMicrotask(() => (done += 1));
      setImmediate(resolve);
    });
    expect(done).toBe(2);
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
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

/** Runs jest as this project does, on the suites of a folder. */
async function runSuites(
  folder: string,
  more: object,
  ...words: string[]
): Promise<{ exitCode: number | null; output: string }> {
  const config = {
    rootDir: folder,
    testMatch: ['**/*.spec.ts'],
    testEnvironment: join(ROOT, 'test/runner/environment.mjs'),
    runtime: join(ROOT, 'test/runner/runtime.cjs'),
    setupFilesAfterEnv: [join(folder, 'set-up.mjs')],
    cacheDirectory: join(folder, 'cache'),
    ...more,
  };
  writeFileSync(join(folder, 'jest.config.json'), JSON.stringify(config));
  const jest = spawn(
    process.execPath,
    [join(ROOT, 'node_modules/jest/bin/jest.js'), '--config', join(folder, 'jest.config.json'), ...words],
    { cwd: folder, env: { PATH: process.env['PATH'], GIVEN: 'by the shell' } },
  );
  let output = '';
  jest.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  jest.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exitCode = await new Promise<number | null>((resolve) => jest.once('close', resolve));
  return { exitCode, output };
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
    ({ exitCode, output } = await runSuites(
      folder,
      {},
      '--runInBand',
      '--json',
      '--outputFile=results.json',
    ));
    const { testResults } = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as Results;
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
      'has faked timers in which the process itself goes on': 'passed',
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

describe('suites of two kinds', () => {
  const folder = mkdtempSync(join(tmpdir(), 'runner-kinds-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('have workers of their own, which run all of a kind', async () => {
    writeFileSync(join(folder, 'set-up.mjs'), SET_UP);
    for (const name of ['one', 'two', 'other', 'fails'])
      writeFileSync(
        join(folder, `${name}.spec.ts`),
        `import { writeFileSync } from 'node:fs';
        import { expect, it } from '@jest/globals';
        it('says where it runs', () => {
          writeFileSync(${JSON.stringify(join(folder, name))}, String(process.pid));
          expect(${JSON.stringify(name)}).not.toBe('fails');
        });`,
      );
    const kinds = [
      { paths: '/(?:other|fails)', workers: { slow: 1, quick: 1 } },
      { paths: '', workers: { slow: 1, quick: 1 } },
    ];
    const runner = [join(ROOT, 'test/runner/workers-by-kind.cjs'), { kinds }];
    const { exitCode, output } = await runSuites(folder, { runner, maxWorkers: 2 });
    expect(output).toMatch(/Tests: +1 failed, 3 passed, 4 total/);
    expect(exitCode).toBe(1);
    const [one, two, other, fails] = ['one', 'two', 'other', 'fails'].map((name) =>
      readFileSync(join(folder, name), 'utf8'),
    );
    expect([two, fails]).toEqual([one, other]);
    expect(other).not.toBe(one);
  });
});
