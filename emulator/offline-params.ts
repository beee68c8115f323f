import { isPhpArray, phpEntries, phpInt, phpString } from './php.js';
import { argumentError } from './rest-error.js';

/** @throws RestError 400 when there is none */
export function requiredProcessId(value: unknown): string {
  if (value === undefined || value === null) throw argumentError("Argument 'PROCESS_ID' is null or empty");
  return phpString(value).trim();
}

/** @throws RestError 400 unless it is an array of texts of exactly 32 characters */
export function messageIdList(value: unknown): string[] {
  const problem = argumentError("Value must be array of MESSAGE_ID values. Argument 'message_id'");
  if (!isPhpArray(value)) throw problem;
  const ids = phpEntries(value).map(([, id]) => phpString(id).trim());
  if (ids.some((id) => [...id].length !== 32)) throw problem;
  return ids;
}

/** @throws RestError 400 unless it is an array of positive integers */
export function idList(value: unknown): number[] {
  const problem = argumentError("Value must be array of integers. Argument 'id'");
  if (!isPhpArray(value)) throw problem;
  const ids = phpEntries(value).map(([, id]) => phpInt(id));
  if (ids.some((id) => id <= 0)) throw problem;
  return ids;
}
