import { type CallContext, type MethodAnswer } from './call-context.js';
import { entityTypeOf, LEAD } from './object-types.js';
import { changeKeyCase, isPhpArray, phpEntries, phpGet, phpInt, phpValue, type PhpArray } from './php.js';
import { RestError } from './rest-error.js';
import { type ObjectFields, type StoredObject } from './stored-object.js';

const METHOD = /^crm\.(lead|deal|contact|company|quote)\.(add|update|delete|get)$/;

/** The few methods of their own that some types have: `crm.deal.update` and its like. */
export const isObjectMethod = (name: string): boolean => METHOD.test(name);

/** Names that do not follow from those of the `crm.item` methods. */
const OWN_NAMES: ReadonlyMap<string, string> = new Map([
  ['createdTime', 'DATE_CREATE'],
  ['updatedTime', 'DATE_MODIFY'],
  ['createdBy', 'CREATED_BY_ID'],
  ['updatedBy', 'MODIFY_BY_ID'],
]);

function oldName(name: string, type: number): string {
  if (type === LEAD && name === 'stageId') return 'STATUS_ID';
  return OWN_NAMES.get(name) ?? name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function newName(name: string, type: number): string {
  if (type === LEAD && name === 'STATUS_ID') return 'stageId';
  for (const [newer, older] of OWN_NAMES) if (older === name) return newer;
  const camel = name.toLowerCase().replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
  return camel.replace(/^ufCrm(?=\d)/, 'ufCrm_');
}

function fieldsOf(params: PhpArray, type: number): ObjectFields {
  const fields = phpGet(params, 'FIELDS');
  if (!isPhpArray(fields)) return {};
  return Object.fromEntries(
    phpEntries(fields).map(([name, value]) => [newName(name, type), phpValue(value)]),
  );
}

/** As the older methods print it: their own names, numbers as text. */
function printed(object: StoredObject, { objects }: CallContext): unknown {
  const { fm: _fm, entityTypeId: type, ...fields } = objects.print(object);
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      oldName(name, Number(type)),
      typeof value === 'number' ? String(value) : value,
    ]),
  );
}

/** @throws RestError 400 where there is no such object, or it is not to be read */
export async function callObjectMethod(
  name: string,
  query: PhpArray,
  context: CallContext,
): Promise<MethodAnswer> {
  const { objects, caller } = context;
  const [, kind = '', action = ''] = METHOD.exec(name) ?? [];
  await context.serve();
  const params = changeKeyCase(query, 'upper');
  const type = entityTypeOf(kind);
  const id = phpInt(phpGet(params, 'ID'));
  if (action === 'add') return { result: objects.add(type, fieldsOf(params, type), {}, caller).id };
  const object = objects.find(type, id);
  if (!object) throw new RestError(400, '', 'Not found');
  if (object.unreadable) throw new RestError(400, '', 'Access denied.');
  switch (action) {
    case 'update':
      objects.update(type, id, fieldsOf(params, type), {}, caller);
      return { result: true };
    case 'delete':
      return { result: objects.delete(type, id, {}, caller) };
    default:
      return { result: printed(object, context) };
  }
}
