import { type PortalObjects } from './objects.js';
import { isPhpArray, phpEntries, phpGet, phpInt, phpValue, type PhpArray } from './php.js';
import { RestError } from './rest-error.js';
import { type ObjectFields } from './stored-object.js';

/** @throws RestError 400 where it is missing */
export function required(params: PhpArray, name: string): unknown {
  const value = phpGet(params, name);
  if (value === undefined) {
    throw new RestError(400, '100', `Could not find value for parameter {${name}}`);
  }
  return value;
}

/** @throws RestError 400, with the very code that an item that is not there has */
export function entityType(params: PhpArray, objects: PortalObjects): number {
  const id = phpInt(required(params, 'entityTypeId'));
  if (!objects.hasType(id)) throw new RestError(400, 'NOT_FOUND', 'SPA not found');
  return id;
}

/** The values of a parameter by name; none where it is no map. */
export function fieldsOf(fields: unknown): ObjectFields {
  if (!isPhpArray(fields)) return {};
  return Object.fromEntries(phpEntries(fields).map(([name, value]) => [name, phpValue(value)]));
}
