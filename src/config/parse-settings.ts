import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { redact } from '../logging/redact.js';
import { contradictions } from './contradictions.js';
import { withCredentials } from './credentials.js';
import { withoutCredentials } from './setting-rules.js';
import { SettingsError } from './settings-error.js';
import { settingNames, Settings, type SettingName, type SettingsInput, smallLetters } from './settings.js';

const SECRETS: ReadonlySet<string> = new Set([
  'B24_CLIENT_SECRET',
  'B24_REFRESH_TOKEN',
  'TOKEN_ENCRYPTION_KEY',
  'RABBITMQ_PASSWORD',
  'DATABASE_PASSWORD',
  'DASHBOARD_PASSWORD',
  'API_TOKEN',
  'HTTPS_PROXY',
  'HTTP_PROXY',
]);

/**
 * Reads the settings, all of them in one pass. An empty variable counts as absent, as compose files pass unset
 * ones on.
 * @throws {SettingsError} naming every fault; a fault never repeats the value of a secret.
 */
export function parseSettings(input: SettingsInput): Settings {
  const given: Record<string, unknown> = {};
  const givenAs = new Map<string, string>();
  for (const name of settingNames()) {
    for (const key of new Set([smallLetters(name), name])) {
      const value = input[key as SettingName];
      const plain = typeof value === 'string' ? value.trim() : value;
      if (plain === undefined || plain === null || plain === '' || givenAs.has(name)) continue;
      given[name] = plain;
      givenAs.set(name, key);
    }
  }
  const settings = plainToInstance(Settings, given, { exposeDefaultValues: true });
  const errors = validateSync(settings, { forbidUnknownValues: true });
  const faults = errors.map((error) => {
    // Rules are checked from the last decorator up, so the first one that is broken comes last.
    const wrong = Object.values(error.constraints ?? {}).at(-1) ?? `${error.property} is not usable`;
    const shown =
      given[error.property] === undefined || SECRETS.has(error.property) || error.property === 'RABBITMQ_URL'
        ? ''
        : ` (got ${redact(withoutCredentials(JSON.stringify(given[error.property])), []).slice(0, 82)})`;
    return wrong.replace(error.property, givenAs.get(error.property) ?? error.property) + shown;
  });
  // Unless it is said, polling is never more frequent than it was asked to be.
  if (
    given['DRAIN_MAX_INTERVAL_MS'] === undefined &&
    settings.DRAIN_INTERVAL_MS > settings.DRAIN_MAX_INTERVAL_MS
  )
    settings.DRAIN_MAX_INTERVAL_MS = settings.DRAIN_INTERVAL_MS;
  faults.push(...contradictions(settings, new Set(errors.map(({ property }) => property))));
  if (faults.length > 0) throw new SettingsError(faults);
  addCredentials(settings);
  return settings;
}

/** From here on the addresses have all that is needed to connect. */
function addCredentials(settings: Settings): void {
  const { RABBITMQ_USER, RABBITMQ_PASSWORD, DATABASE_USER, DATABASE_PASSWORD } = settings;
  settings.RABBITMQ_URL = settings.RABBITMQ_URL.map((address) =>
    withCredentials(address, RABBITMQ_USER, RABBITMQ_PASSWORD),
  );
  if (!settings.DATABASE_URL.startsWith('file:'))
    settings.DATABASE_URL = withCredentials(settings.DATABASE_URL, DATABASE_USER, DATABASE_PASSWORD);
}
