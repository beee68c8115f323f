import { type CallContext, type MethodAnswer } from './call-context.js';
import { importItem, importItems } from './item-import.js';
import { readFilter, readOrder } from './item-filter.js';
import { PAGE_SIZE, pageOf } from './item-page.js';
import { isPhpArray, phpEntries, phpGet, phpInt, phpMap, phpString, type PhpArray } from './php.js';
import { RestError } from './rest-error.js';
import { entityType, fieldsOf, required } from './item-params.js';
import { valueOf, type StoredObject } from './stored-object.js';

type ItemMethod = (params: PhpArray, context: CallContext) => MethodAnswer;

/** @throws RestError 400 where there is none, or its user may not read it */
function itemOf(params: PhpArray, { objects }: CallContext): StoredObject {
  const item = objects.find(entityType(params, objects), phpInt(required(params, 'id')));
  if (!item) throw new RestError(400, 'NOT_FOUND', 'Element not found');
  if (item.unreadable) {
    throw new RestError(400, 'ACCESS_DENIED', 'You do not have permissions to view this item');
  }
  return item;
}

const printed = ({ objects }: CallContext, item: StoredObject): MethodAnswer => ({
  result: { item: objects.print(item) },
  rows: 1,
});

function get(params: PhpArray, context: CallContext): MethodAnswer {
  return printed(context, itemOf(params, context));
}

function add(params: PhpArray, context: CallContext): MethodAnswer {
  const type = entityType(params, context.objects);
  required(params, 'fields');
  return printed(context, context.objects.add(type, fieldsOf(phpGet(params, 'fields')), {}, context.caller));
}

/** What changes nothing is not saved, and nobody hears of it. */
function update(params: PhpArray, context: CallContext): MethodAnswer {
  const item = itemOf(params, context);
  required(params, 'fields');
  const fields = fieldsOf(phpGet(params, 'fields'));
  const text = (value: unknown): string =>
    typeof value === 'object' && value !== null ? JSON.stringify(value) : phpString(value);
  const changes = Object.keys(fields).some((name) => text(fields[name]) !== text(valueOf(item, name)));
  if (changes) context.objects.update(item.entityTypeId, item.id, fields, {}, context.caller);
  return printed(context, item);
}

function remove(params: PhpArray, context: CallContext): MethodAnswer {
  const { entityTypeId, id } = itemOf(params, context);
  context.objects.delete(entityTypeId, id, {}, context.caller);
  return { result: [] };
}

/** Names to print; null for all. `fm` is none: it comes with all of them only. */
function selectOf(params: PhpArray): string[] | null {
  const select = phpGet(params, 'select');
  if (!isPhpArray(select)) return null;
  const names = phpEntries(select).map(([, name]) => phpString(name));
  if (names.includes('*')) return null;
  return names.filter((name) => name !== 'fm');
}

function list(params: PhpArray, { objects }: CallContext): MethodAnswer {
  const type = entityType(params, objects);
  const reading = objects.filterReading(type);
  const filter = readFilter(phpGet(params, 'filter'), reading);
  const order = readOrder(phpGet(params, 'order'), reading);
  const start = phpInt(phpGet(params, 'start'));
  const offset = start < 0 ? null : Math.floor(start / PAGE_SIZE) * PAGE_SIZE;
  const page = pageOf(objects.index(type), filter, order, offset);
  const select = selectOf(params);
  // An item of which nothing known was selected is an empty array to PHP.
  const items = page.objects.map((item) => phpMap(objects.print(item, select)));
  const answer = { result: { items }, rows: items.length, pages: 1 };
  if (page.total === null || offset === null) return answer;
  const next = offset + PAGE_SIZE;
  return { ...answer, total: page.total, ...(page.total > next ? { next } : {}) };
}

const METHODS: ReadonlyMap<string, ItemMethod> = new Map([
  ['crm.item.get', get],
  ['crm.item.list', list],
  ['crm.item.add', add],
  ['crm.item.update', update],
  ['crm.item.delete', remove],
  ['crm.item.import', importItem],
  ['crm.item.batchimport', importItems],
]);

/** The methods for objects of every type. */
export const isItemMethod = (name: string): boolean => METHODS.has(name);

/** @throws RestError 400 with the portal's own refusal */
export async function callItemMethod(
  name: string,
  params: PhpArray,
  context: CallContext,
): Promise<MethodAnswer> {
  const method = METHODS.get(name);
  if (!method) throw new RestError(404, 'ERROR_METHOD_NOT_FOUND', 'Method not found!');
  await context.serve();
  return method(params, context);
}
