import { type RestCommand } from './batch.js';
import { isObject, textOf } from './json-values.js';
import { getCommand, listCommand } from './offline-events.js';

/** The plan feature that brings reservations and marks. */
export const RESERVATIONS = 'rest_offline_extended';

/** A batch that does not exist: reading what it holds shows whether the portal lets us reserve, and reserves nothing. */
const MISSING_BATCH = '0'.repeat(32);

/** Asks whether the portal would reserve: refused with WRONG_LICENSE where it does not, and answered with nothing else. */
export function reservationsQuestion(): RestCommand {
  return getCommand({ processId: MISSING_BATCH, clear: false, limit: 1 });
}

/**
 * Asks whether the user for whom a token acts may read the offline queue, as draining it needs: refused with
 * ACCESS_DENIED where the user is no administrator. Asks for a row that never exists, and changes nothing.
 */
export function administratorQuestion(): RestCommand {
  return listCommand({ filter: { '=ID': 0 } });
}

/** Asks what the portal says of a feature of its plan, which is advice: its calls decide. */
export function featureQuestion(code: string): RestCommand {
  return { method: 'feature.get', params: { CODE: code } };
}

/** Asks for the application's own state on the portal. */
export function installationQuestion(): RestCommand {
  return { method: 'app.info', params: {} };
}

/**
 * Reads an answer of `feature.get`. A self-hosted portal, which has every feature, answers `<language>_selfhosted`.
 * @returns null where it says neither
 */
export function saysFeature(result: unknown): 'yes' | 'self-hosted' | 'no' | null {
  const value = isObject(result) ? result['value'] : null;
  if (value === true) return 'yes';
  if (value === false) return 'no';
  const said = textOf(value).trim().toLowerCase();
  if (/(?:^|_)selfhosted$/.test(said)) return 'self-hosted';
  return said === 'y' ? 'yes' : said === 'n' ? 'no' : null;
}

/** Reads an answer of `app.info`: false where it says that the application's installation is not finished. */
export function saysInstalled(result: unknown): boolean {
  const installed = isObject(result) ? result['INSTALLED'] : undefined;
  return installed !== false && installed !== 'N';
}
