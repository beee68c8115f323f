import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { settingsDocs } from '../scripts/settings-docs.mjs';
import { settingNames } from '../src/config/settings.js';

const root = join(import.meta.dirname, '..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const filesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
const DOCUMENTS = ['docs/settings.md', 'README.md', '.env.example'];

function run(folder: string, ...words: string[]): { status: number | null; output: string } {
  const command = [join(folder, 'scripts/settings-docs.mjs'), ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

describe('what the documents say of the settings', () => {
  let folder: string | undefined;
  afterEach(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  it('is what the code says; where it is not: npm run docs:settings', () => {
    expect(run(root, '--check')).toEqual({ status: 0, output: '' });
  });

  it('is every setting', () => {
    const page = read('docs/settings.md');
    const rows = [...page.matchAll(/^\| `([A-Z0-9_]+)` +\|/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(settingNames().sort());
  });

  it('is found stale when a setting is new, and written anew by the command', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'settings-docs-'));
    folder = copy;
    const source = join(
      'src',
      filesIn('src').find((name) => read(join('src', name)).includes('export class Settings {')) ?? '',
    );
    for (const name of ['scripts/settings-docs.mjs', source, '.prettierrc.json', ...DOCUMENTS]) {
      mkdirSync(dirname(join(copy, name)), { recursive: true });
      cpSync(join(root, name), join(copy, name));
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const code = read(source);

    writeFileSync(
      join(copy, source),
      code.replace(/(\n {2})(\/\*\* Lines of this level)/, '$1BRAND_NEW = 7;\n$1$2'),
    );
    await expect(settingsDocs({ root: copy, check: true })).rejects.toThrow(
      `BRAND_NEW in ${source} has no comment`,
    );

    writeFileSync(
      join(copy, source),
      code.replace(/(\n {2})(\/\*\* Lines of this level)/, '$1/** Of a kind. */$1BRAND_NEW = 7;\n$1$2'),
    );
    const stale = run(copy, '--check');
    expect(stale.status).toBe(1);
    expect(stale.output).toContain('docs/settings.md does not show the settings');
    expect(stale.output).toContain('Run: npm run docs:settings');

    expect(await settingsDocs({ root: copy, check: false })).toContain('docs/settings.md: written');
    expect(await settingsDocs({ root: copy, check: true })).toEqual([]);
    expect(readFileSync(join(copy, '.env.example'), 'utf8')).toContain('# Of a kind.\nBRAND_NEW=7\n');
    expect(readFileSync(join(copy, 'docs/settings.md'), 'utf8')).toMatch(
      /^\| `BRAND_NEW` +\| `7` +\| – +\| Of a kind\. +\|$/m,
    );
  });
});
