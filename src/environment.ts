import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { parseSettings, type Settings, SettingsError } from './config.js';

const FILE = '.env';

/**
 * The settings of this process: from its environment and, for what is not set there or empty, from `.env` in the
 * working directory.
 * @throws {SettingsError} naming every fault
 */
export function settingsOfProcess(): Settings {
  for (const [name, value] of Object.entries(readFile())) {
    if ((process.env[name] ?? '').trim() === '') process.env[name] = value ?? '';
  }
  return parseSettings(process.env);
}

function readFile(): NodeJS.Dict<string> {
  if (!existsSync(FILE)) return {};
  try {
    return parseEnv(readFileSync(FILE, 'utf8'));
  } catch (error) {
    // Docker makes a folder of a file that it was to mount and that is not there.
    const reason = error instanceof Error ? error.message : String(error);
    throw new SettingsError([`${FILE} in ${process.cwd()} cannot be read: ${reason}`]);
  }
}
