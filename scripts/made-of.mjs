import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const SETTINGS = ['tsconfig.base.json', 'package-lock.json'];
/** What each build is made of. The tools may import from src. */
const SOURCES = {
  dist: ['src', 'tsconfig.build.json', 'nest-cli.json', 'scripts/build.mjs', ...SETTINGS],
  // Of the example clients only NestJS's is built here; the others install and build in their own folders.
  build: [
    ...['emulator', 'bench', 'examples/demo', 'examples/check', 'examples/clients/nestjs'],
    ...['src', 'tsconfig.tools.json', ...SETTINGS],
  ],
  'build/bundle': [
    'dist',
    'scripts/bundle.mjs',
    'scripts/bundled-program.mjs',
    'scripts/rehearsal.mjs',
    'package-lock.json',
  ],
};

/** The file that says what an output was made of. */
const recordOf = (folder, output) => join(folder, 'build/.made-of', output.replaceAll('/', '-'));

/**
 * A digest of all that an output is to be made of: names and contents of files, not their times, which git renews with every
 * checkout and which a copy may keep from long ago. Specs and installed packages do not count.
 * @param output `dist`, `build` or `build/bundle`
 */
function digestOf(folder, output) {
  const hash = createHash('sha256');
  for (const name of SOURCES[output].flatMap((one) => filesOf(folder, one)).sort()) {
    const content = readFileSync(join(folder, name));
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** Whether an output is there and was made of the sources as they are. */
export function isUpToDate(folder, output) {
  // A copy without sources has nothing to make it of.
  if (!existsSync(join(folder, SOURCES[output][0]))) return true;
  const record = recordOf(folder, output);
  return (
    existsSync(join(folder, output)) &&
    existsSync(record) &&
    readFileSync(record, 'utf8') === digestOf(folder, output)
  );
}

/**
 * Call it before an output is made, and what it returns after that: in between the output counts as stale, and a source
 * that changes meanwhile makes it so.
 */
export function beginToMake(folder, output) {
  const record = recordOf(folder, output);
  const digest = digestOf(folder, output);
  rmSync(record, { force: true });
  return () => {
    mkdirSync(dirname(record), { recursive: true });
    writeFileSync(record, digest);
  };
}

function filesOf(folder, name) {
  let entries;
  try {
    entries = readdirSync(join(folder, name), { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') return name.endsWith('.spec.ts') ? [] : [name];
    throw error;
  }
  return entries
    .filter((entry) => entry.name !== 'node_modules')
    .flatMap((entry) => filesOf(folder, `${name}/${entry.name}`));
}
