import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSettings } from './parse-settings.js';
import { settingNames, type Settings, smallLetters } from './settings.js';
import { SettingsError } from './settings-error.js';
import { type EnvFile, type FileRemark, parseEnvFile } from './env-file.js';
import { isOurFamily, nearestSetting } from './similar-names.js';
import { reasonOf } from '../logging/reason.js';

const FILE = '.env';
const WHERE_TO_BEGIN =
  "Where to begin: copy .env.example to .env and fill in these two, from the application's page on the portal;\n" +
  'docs/install.md goes through it step by step. Or set them in the environment.';

/** Something that was read and probably meant otherwise. */
interface Remark {
  /** The setting that was probably meant. */
  readonly meant: string | null;
  /** Never with a value. */
  readonly text: string;
}

/**
 * The settings of this process: from its environment and, for what is not set there or empty, from `.env` in the
 * working directory.
 * @param env gets what only the file sets
 * @returns with `remarks` on what may not be meant as it stands there, one a line
 * @throws {SettingsError} naming every fault, and the remarks
 */
export function settingsOfProcess(
  env: NodeJS.ProcessEnv = process.env,
  folder = process.cwd(),
): { settings: Settings; remarks: readonly string[] } {
  const file = readFile(folder);
  const remarks = [...remarksOnEnvironment(env), ...remarksOnFile(file)];
  const isSet = (name: string) => (env[name] ?? '').trim() !== '';
  // Decided before any is taken over: whichever spelling the environment has, it beats both of the file.
  const missing = [...file.values].filter(([name]) => !isSet(name) && !spellingsOf(name).some(isSet));
  for (const [name, value] of missing) env[name] = value;
  try {
    return { settings: parseSettings(env), remarks: remarks.map(({ text }) => text) };
  } catch (error) {
    if (error instanceof SettingsError) throw explained(error, remarks);
    throw error;
  }
}

function spellingsOf(name: string): string[] {
  return settingNames()
    .filter((setting) => setting === name || smallLetters(setting) === name)
    .flatMap((setting) => [setting, smallLetters(setting)]);
}

/** Names that other settings have been mistaken for, in what an application gives us. */
export function misspelled(given: Readonly<Record<string, unknown>>): string[] {
  return remarksOnEnvironment(given).map(({ text }) => text);
}

/** A fault and what it probably comes from are one line. */
function explained({ faults }: SettingsError, remarks: readonly Remark[]): SettingsError {
  const left = new Set(remarks);
  const lines = faults.map((fault) => {
    const cause = remarks.find(({ meant }) => meant !== null && fault.startsWith(`${meant} is required`));
    if (cause === undefined) return fault;
    left.delete(cause);
    return `${fault} (${cause.text})`;
  });
  const nothing = lines.filter((line) => /^B24_CLIENT_(ID|SECRET) is required[^(]*$/.test(line)).length === 2;
  return new SettingsError([...lines, ...[...left].map(({ text }) => text)], nothing ? WHERE_TO_BEGIN : null);
}

function remarksOnEnvironment(given: Readonly<Record<string, unknown>>): Remark[] {
  const settings = settingNames();
  return Object.keys(given)
    .filter((name) => isOurFamily(name, settings))
    .flatMap((name) => unknown(name, nearestSetting(name, settings), ''));
}

function remarksOnFile({ values, remarks }: EnvFile): Remark[] {
  const settings = settingNames();
  return [
    ...remarks.map((remark) => {
      const { name } = remark;
      const meant = name === null ? null : (nearestSetting(name, settings) ?? name);
      return { meant, text: `${FILE}, line ${remark.line}: ${said(remark)}` };
    }),
    ...[...values.keys()]
      .filter((name) => spellingsOf(name).length === 0)
      .flatMap((name) => unknown(name, nearestSetting(name, settings), ` in ${FILE}`)),
  ];
}

function unknown(name: string, meant: string | null, where: string): Remark[] {
  return meant === null ? [] : [{ meant, text: `${name}${where} is no setting: is ${meant} meant?` }];
}

function said({ kind, name }: FileRemark): string {
  switch (kind) {
    case 'no-equals':
      return `there is no = ${name === null ? 'in it' : `after ${name}`}, so it sets nothing`;
    case 'no-name':
      return `what stands before its = is no name${name === null ? '' : ` (${name}?)`}, so it sets nothing`;
    case 'open-quote':
      return `the quote that begins the value of ${name ?? ''} is not closed, so it counts as a part of it`;
    case 'after-quote':
      return `what follows the closing quote of ${name ?? ''} is ignored`;
    case 'twice':
      return `${name ?? ''} stands there again, and this line counts`;
  }
}

function readFile(folder: string): EnvFile {
  const path = join(folder, FILE);
  if (!existsSync(path)) return { values: new Map(), remarks: [] };
  try {
    return parseEnvFile(readFileSync(path));
  } catch (error) {
    // Docker makes a folder of a file that it was to mount and that is not there.
    const reason = reasonOf(error);
    throw new SettingsError([`${FILE} in ${folder} cannot be read: ${reason}`]);
  }
}
