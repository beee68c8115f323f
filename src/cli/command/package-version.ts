import { existsSync, readFileSync } from 'node:fs';
import { isObject } from '../../bitrix24/json-values.js';

const NAME = 'bitrix24-offline-bridge';
/** Folders up, from wherever it was compiled to. */
const LEVELS = 5;

/** The version of the package that this file belongs to; `unknown` where its package.json is not around. */
export function packageVersion(from: string = import.meta.url): string {
  for (let level = 1; level <= LEVELS; level += 1) {
    const file = new URL(`${'../'.repeat(level)}package.json`, from);
    if (!existsSync(file)) continue;
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isObject(read) && read['name'] === NAME) return String(read['version']);
  }
  return 'unknown';
}
