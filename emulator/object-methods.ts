import { type CallContext, type MethodAnswer } from './call-context.js';
import { entityTypeOf, isEntityType, type PortalObject } from './objects.js';
import { changeKeyCase, isPhpArray, phpEntries, phpGet, phpInt, phpValue, type PhpArray } from './php.js';
import { RestError } from './rest-error.js';

const METHOD = /^crm\.(lead|deal|contact|company|item)\.(add|update|delete|get)$/;

/** The few methods that change and show objects: `crm.deal.update` and its like, and `crm.item.update`. */
export const isObjectMethod = (name: string): boolean => METHOD.test(name);

function fieldsOf(params: PhpArray): Record<string, unknown> {
  const fields = phpGet(params, 'FIELDS');
  if (!isPhpArray(fields)) return {};
  return Object.fromEntries(phpEntries(fields).map(([name, value]) => [name, phpValue(value)]));
}

/** @throws RestError 400 as each family of methods words it */
function entityType(kind: string, params: PhpArray): number {
  if (kind !== 'item') return entityTypeOf(kind);
  const given = phpGet(params, 'ENTITYTYPEID');
  if (given === undefined) {
    throw new RestError(400, '100', 'Could not find value for parameter {entityTypeId}');
  }
  const id = phpInt(given);
  if (!isEntityType(id)) {
    throw new RestError(400, 'ENTITY_TYPE_NOT_SUPPORTED', `Entity type ${id} is not supported`);
  }
  return id;
}

function printed(kind: string, { id, ...fields }: PortalObject): unknown {
  return kind === 'item' ? { item: { id, ...fields } } : { ID: String(id), ...fields };
}

/** @throws RestError 400 where there is no such object */
export async function callObjectMethod(
  name: string,
  query: PhpArray,
  { objects, caller, serve }: CallContext,
): Promise<MethodAnswer> {
  const [, kind = '', action = ''] = METHOD.exec(name) ?? [];
  await serve();
  const params = changeKeyCase(query, 'upper');
  const type = entityType(kind, params);
  const id = phpInt(phpGet(params, 'ID'));
  const missing = (): never => {
    if (kind === 'item') throw new RestError(400, 'NOT_FOUND', 'Element not found');
    throw new RestError(400, '', 'Not found');
  };
  switch (action) {
    case 'add': {
      const added = objects.add(type, fieldsOf(params), caller);
      return { result: kind === 'item' ? printed(kind, added) : added.id };
    }
    case 'update': {
      const updated = objects.update(type, id, fieldsOf(params), caller) ?? missing();
      return { result: kind === 'item' ? printed(kind, updated) : true };
    }
    case 'delete':
      if (!objects.delete(type, id, caller)) missing();
      return { result: kind === 'item' ? [] : true };
    default:
      return { result: printed(kind, objects.find(type, id) ?? missing()) };
  }
}
