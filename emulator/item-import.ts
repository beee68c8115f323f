import { type CallContext, type MethodAnswer } from './call-context.js';
import { entityType, fieldsOf, required } from './item-params.js';
import { type ChangeOptions } from './objects.js';
import { isPhpArray, phpEntries, phpGet, phpInt, phpMap, phpString, PhpArray } from './php.js';
import { RestError } from './rest-error.js';

const MAX_BATCH = 20;

/** What an administrator may say of an imported item, and nobody of an ordinary one. */
const SYSTEM_FIELDS: readonly string[] = ['createdTime', 'updatedTime', 'createdBy', 'updatedBy'];

const invalid = (field: string): RestError =>
  new RestError(400, 'CRM_FIELD_ERROR_VALUE_NOT_VALID', `Invalid value of the field "${field}"`);

function timesOf(
  type: number,
  fields: unknown,
  { objects, administrator }: CallContext,
): Pick<ChangeOptions, 'createdAt' | 'updatedAt' | 'createdBy' | 'updatedBy'> {
  const given = isPhpArray(fields) ? fields : {};
  const [forbidden] = SYSTEM_FIELDS.filter((name) => phpGet(given, name) !== undefined);
  if (forbidden === undefined) return {};
  if (!administrator) throw invalid(forbidden);
  const time = (name: string): number | undefined => {
    const value = phpGet(given, name);
    if (value === undefined) return undefined;
    const seconds = objects.seconds(phpString(value));
    if (seconds === null || seconds > objects.now()) throw invalid(name);
    return seconds;
  };
  const user = (name: string): number | undefined => phpInt(phpGet(given, name)) || undefined;
  const createdAt = time('createdTime') ?? objects.now();
  const updatedAt = time('updatedTime') ?? createdAt;
  const index = objects.index(type);
  if (createdAt < (index.find(index.lastId)?.createdAt ?? 0)) throw invalid('createdTime');
  if (updatedAt < createdAt) throw invalid('updatedTime');
  const createdBy = user('createdBy');
  const updatedBy = user('updatedBy');
  return {
    createdAt,
    updatedAt,
    ...(createdBy === undefined ? {} : { createdBy }),
    ...(updatedBy === undefined ? {} : { updatedBy }),
  };
}

function importOne(type: number, fields: unknown, context: CallContext): { item: { id: number } } {
  const options = { silent: true, ...timesOf(type, fields, context) };
  const { id } = context.objects.add(type, fieldsOf(fields), options, context.caller);
  return { item: { id } };
}

/** Adds an item without an event. @throws RestError 400 */
export function importItem(params: PhpArray, context: CallContext): MethodAnswer {
  const type = entityType(params, context.objects);
  return { result: importOne(type, required(params, 'fields'), context) };
}

/** Adds up to 20 items, each for itself. @throws RestError 400 */
export function importItems(params: PhpArray, context: CallContext): MethodAnswer {
  const type = entityType(params, context.objects);
  const data = required(params, 'data');
  const entries = isPhpArray(data) ? phpEntries(data) : [];
  if (entries.length > MAX_BATCH) {
    const description = `You can only import ${MAX_BATCH} items at a time`;
    throw new RestError(400, 'MAX_IMPORT_BATCH_SIZE_EXCEEDED', description);
  }
  const imported = entries.map(([key, fields]): [string, unknown] => {
    try {
      return [key, importOne(type, fields, context)];
    } catch (error) {
      if (error instanceof RestError) return [key, error.toJSON()];
      throw error;
    }
  });
  return { result: { items: phpMap(new PhpArray(imported)) } };
}
