import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { beginToMake } from './made-of.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The same settings by which Nest's own command line builds, for those who have it. */
const { sourceRoot, compilerOptions } = JSON.parse(readFileSync(join(root, 'nest-cli.json'), 'utf8'));
/** Folders of files that the service reads at run time; the compiler knows only of its own. */
const assets = compilerOptions.assets.map((pattern) => pattern.replace(/\/\*\*\/\*$/, ''));

const require = createRequire(import.meta.url);
// What checks the types and lint (TypeScript 6) says the same, and takes three times as long and more (docs/adr/0006).
const compiler = join(dirname(require.resolve('typescript-7/package.json')), 'bin/tsc');
// `tools`: the programs beside the service.
const tools = process.argv[2] === 'tools';
const made = beginToMake(root, tools ? 'build' : 'dist');
if (!tools) rmSync(join(root, 'dist'), { recursive: true, force: true });
const settings = tools ? 'tsconfig.tools.json' : compilerOptions.tsConfigPath;
const { status } = spawnSync(process.execPath, [compiler, '-p', settings], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) {
  console.error(`${relative(root, compiler)} ended with ${status}`);
  process.exit(1);
}
if (!tools) {
  for (const folder of assets)
    cpSync(join(root, sourceRoot, folder), join(root, 'dist', folder), { recursive: true });
  // The compiler leaves it a text; npx starts it as a program.
  chmodSync(join(root, 'dist/cli/main.js'), 0o755);
}
made();
