import { type CommandOutcome, isFailed } from '../../bitrix24/batch.js';
import { type PortalError, UnreadableAnswer } from '../../bitrix24/errors.js';
import { isObject, textOf } from '../../bitrix24/json-values.js';
import { type ObjectFields } from './object-read.js';
import { type ObjectWork, type PlannedCommand, type ReadWork, workOf } from './read-work.js';

/** What a command's outcome leaves to be done. */
interface Applied {
  /** Work that its outcome has not done: where it failed all of it, else objects that no list shows. */
  readonly again: readonly ReadWork[];
  /** Why it failed; null where it did not. */
  readonly failed: PortalError | null;
}

const DONE: Applied = { again: [], failed: null };
/** A portal without the type, or without the smart process, says one of these. */
const NO_SUCH_TYPE: ReadonlySet<string> = new Set(['ENTITY_TYPE_NOT_SUPPORTED', 'NOT_FOUND']);

/** Tells those who wait what the portal answered to their command. */
export function applyResult(planned: PlannedCommand, outcome: CommandOutcome, beganAt: number): Applied {
  if (isFailed(outcome)) return refused(planned, outcome.error, beganAt);
  const { result } = outcome;
  if ('confirm' in planned) {
    const item = isObject(result) ? result['item'] : undefined;
    const { confirm: work } = planned;
    if (!isObject(item)) return unreadable(planned, 'crm.item.get', 'no item');
    if (!work.cancelled) work.settle({ status: 'read', object: selected(item, work.select), beganAt });
    return DONE;
  }
  const items = isObject(result) ? result['items'] : undefined;
  if (!Array.isArray(items) || !items.every(isObject))
    return unreadable(planned, 'crm.item.list', 'no items');
  if ('list' in planned) {
    if (!planned.list.cancelled) planned.list.settle({ items, beganAt });
    return DONE;
  }
  const byId = new Map(items.map((item) => [textOf(item['id']), item]));
  const missing: ObjectWork[] = [];
  for (const work of planned.objects) {
    const item = byId.get(work.id);
    if (work.cancelled) continue;
    if (item === undefined) missing.push(asked(work));
    else work.settle({ status: 'read', object: selected(item, work.select), beganAt });
  }
  return { again: missing, failed: null };
}

/** Not in a list may mean deleted or unreadable: only asked by itself the portal says which. */
function asked(work: ObjectWork): ObjectWork {
  work.kind = 'confirm';
  work.attempts = 0;
  return work;
}

/** Whatever the portal sends, nobody gets more than was asked for. */
export function selected(item: ObjectFields, select: readonly string[]): ObjectFields {
  if (select.includes('*')) return item;
  return Object.fromEntries(Object.entries(item).filter(([name]) => select.includes(name)));
}

function refused(planned: PlannedCommand, error: PortalError, beganAt: number): Applied {
  const code = error.code.toUpperCase();
  const status = 'list' in planned ? null : meaningOf(code, 'confirm' in planned);
  if (status === null) return { again: workOf(planned), failed: error };
  for (const work of 'objects' in planned ? planned.objects : 'confirm' in planned ? [planned.confirm] : [])
    if (!work.cancelled) work.settle({ status, beganAt });
  return DONE;
}

/** What a refusal says of the objects that were asked for; null where it says nothing. */
function meaningOf(code: string, alone: boolean): 'gone' | 'unreadable' | 'unsupported' | null {
  if (code === 'ACCESS_DENIED') return 'unreadable';
  if (alone) return code === 'NOT_FOUND' ? 'gone' : null;
  return NO_SUCH_TYPE.has(code) ? 'unsupported' : null;
}

function unreadable(planned: PlannedCommand, method: string, why: string): Applied {
  return { again: workOf(planned), failed: new UnreadableAnswer(method, why) };
}
