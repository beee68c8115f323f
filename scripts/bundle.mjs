import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rehearse } from './rehearsal.mjs';

/** Packages that are loaded at run time only: programs of the machine's kind, and what Nest could do with others. */
const LEFT_OUT = [
  ...['libsql', 'fs-native-extensions', 'pg-native'],
  ...['@nestjs/websockets', '@nestjs/mongoose', '@nestjs/sequelize', '@nestjs/typeorm'],
  ...['@mikro-orm/core', 'mongoose', 'sequelize', 'typeorm'],
  '@fastify/static',
  // Much text, for encodings that no body may have: forms and JSON come in Unicode or Latin-1.
  ...['big5-added', 'cp936', 'cp949', 'cp950', 'eucjp', 'gbk-added', 'shiftjis'].map(
    (name) => `./tables/${name}.json`,
  ),
  ...['kafkajs', 'mqtt', 'nats', 'ioredis', '@grpc/*', '@nats-io/*'],
];
/** By their paths in `dist`, without the ending: what tests take from each and run in their own process. */
const PROGRAMS = { main: ['Service'], 'cli/main': ['runCommandLine', 'settingsOfProcess'] };

/** Where the bundles are: `main.js` and `cli/main.js`, as in `dist`. */
export const bundleFolder = (folder) => join(folder, 'build', 'bundle');

/**
 * Makes of each program in `dist` one that starts in a quarter of the CPU time, because Node neither has to find and
 * read two thousand files nor to compile them: for tests, which start them hundreds of times (docs/adr/0014).
 * @param {string} [broker] address of the RabbitMQ on which the rehearsal runs
 * @returns {Promise<boolean>} false where esbuild is not installed
 */
export async function bundle(folder, broker) {
  const esbuild = await import('esbuild').catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  });
  if (esbuild === undefined) return false;
  const dist = join(folder, 'dist');
  const output = bundleFolder(folder);
  // What others may be starting just now stays whole until the new one is.
  const begun = `${output}-${process.pid}`;
  try {
    await esbuild.build({
      entryPoints: Object.keys(PROGRAMS).map((name) => join(dist, `${name}.js`)),
      outbase: dist,
      outdir: begun,
      outExtension: { '.js': '.cjs' },
      bundle: true,
      platform: 'node',
      target: 'node20',
      // Only scripts can be given compiled code (scripts/bundled-program.mjs).
      format: 'cjs',
      // Half the text is read in half the time.
      minify: true,
      // Nest and the log know classes by their names.
      keepNames: true,
      legalComments: 'none',
      external: LEFT_OUT,
      // A script that V8 takes from compiled code cannot import(): what is loaded late is required.
      supported: { 'dynamic-import': false },
      define: {
        'import.meta.url': 'bundleUrl',
        'import.meta.dirname': '__dirname',
        'import.meta.resolve': 'require.resolve',
      },
      banner: { js: "const bundleUrl=require('node:url').pathToFileURL(__filename).href;" },
      plugins: [{ name: 'in-place', setup: (build) => keepPlace(build, dist) }],
      logOverride: { 'empty-import-meta': 'error' },
      logLevel: 'silent',
    });
    for (const name of Object.keys(PROGRAMS)) {
      finish(join(begun, `${name}.cjs`));
      writeFileSync(join(begun, `${name}.js`), starter(folder, name));
    }
    await rehearse({ folder, programs: begun, broker });
    rmSync(output, { recursive: true, force: true });
    renameSync(begun, output);
  } finally {
    rmSync(begun, { recursive: true, force: true });
  }
  return true;
}

/** A module of ours goes on to find the files that lie beside it. */
function keepPlace(build, dist) {
  build.onLoad({ filter: /\.js$/ }, ({ path }) => {
    if (!path.startsWith(dist + sep)) return undefined;
    const exported = PROGRAMS[relative(dist, path).slice(0, -'.js'.length).replaceAll(sep, '/')] ?? [];
    const contents = readFileSync(path, 'utf8')
      .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
      .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
      .replace(/import\.meta\.resolve\('([^']+)'\)/g, (_, name) => JSON.stringify(import.meta.resolve(name)))
      // What is inside a function does not begin with this.
      .replace(/^#!.*/, '')
      // Nor does it wait; and who loads it need not start it.
      .replace(/^await main\(\);$/m, `export { ${['main', ...exported].join(', ')} };`);
    return { contents, loader: 'js' };
  });
}

/**
 * Makes the bundle one function, as Node does with a module, so that whoever starts it need not copy it for that; and has
 * it in ASCII. The bundler leaves the letters of regular expressions as they are, and one of them makes V8 keep the whole
 * program in two bytes a letter, which is read in three times the time.
 */
function finish(file) {
  const escaped = (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const text = readFileSync(file, 'utf8').replace(/[^\0-\x7f]/g, escaped);
  writeFileSync(file, `(function(exports,require,module,__filename,__dirname){${text}\n})`);
}

const starter = (folder, name) =>
  `import { startBundle } from ${JSON.stringify(pathToFileURL(join(folder, 'scripts/bundled-program.mjs')).href)};\n` +
  `startBundle(new URL(${JSON.stringify(`${name.split('/').at(-1)}.cjs`)}, import.meta.url)).main?.();\n`;
