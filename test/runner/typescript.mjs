import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Hooks by which Node loads TypeScript, for the suites. Nothing here waits, so they serve in a thread and without. */

const SWC = {
  jsc: {
    target: 'es2022',
    experimental: { keepImportAttributes: true },
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
  module: { type: 'es6' },
  sourceMaps: true,
};
const JEST_GLOBALS = new URL('./jest-globals.mjs', import.meta.url).href;
const require = createRequire(import.meta.url);
/** By what a file is compiled. */
const COMPILER = `${require('@swc/core/package.json').version}\0${JSON.stringify(SWC)}`;

let cache;

/** @param {string} folder for what was compiled; a file is named by its content, so nothing there gets stale */
export function initialize(folder) {
  cache = folder;
  mkdirSync(folder, { recursive: true });
}

export function resolve(specifier, context, next) {
  // The package itself only says that it needs jest's own way of loading modules.
  if (specifier === '@jest/globals') return { url: JEST_GLOBALS, format: 'module', shortCircuit: true };
  if (/^\.{1,2}\/.*\.js$/.test(specifier) && !context.parentURL.includes('/node_modules/')) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return { url: source.href, format: 'module', shortCircuit: true };
  }
  return next(specifier, context);
}

export function load(url, context, next) {
  if (!url.endsWith('.ts') || url.includes('/node_modules/')) return next(url, context);
  return {
    format: 'module',
    source: readFileSync(compiled(fileURLToPath(url)).code, 'utf8'),
    shortCircuit: true,
  };
}

/**
 * A TypeScript file, compiled if need be.
 * @returns the files with its JavaScript and with the source map
 */
export function compiled(path) {
  const source = readFileSync(path, 'utf8');
  const name = createHash('sha256').update(`${COMPILER}\0${path}\0${source}`).digest('hex');
  const files = { code: join(cache, `${name}.js`), map: join(cache, `${name}.map`) };
  if (!existsSync(files.code)) {
    // Only a file that is new pays for loading the compiler.
    const { code, map } = require('@swc/core').transformSync(source, { ...SWC, filename: path });
    write(files.map, map);
    write(files.code, code);
  }
  return files;
}

/** Several processes may write the same file, and none may read half of it. */
function write(file, text) {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, text);
  renameSync(own, file);
}
