import { ExactNumber } from '../json/exact-number.js';
import { objectIdOf } from '../json/object-id.js';
import catalogue from './bitrix24-events.json' with { type: 'json' };

/** Ends the code of a smart process' event, whose number follows. */
const NUMBERED = '<ENTITYTYPEID>';

const paths = new Map<string, string>();
for (const entry of catalogue) {
  if (entry.path !== undefined) paths.set(entry.code.toUpperCase(), entry.path);
}

/**
 * Where people see the changed object on its portal: `/crm/deal/details/17/`. Null where the catalogue knows no page of
 * it, and where the data names no number.
 */
export function objectPath(event: string, data: unknown): string | null {
  const code = codeOfKind(event.toUpperCase());
  const [, number = ''] = /_(\d{1,10})$/.exec(code) ?? [];
  const path = paths.get(code) ?? paths.get(code.replace(/\d+$/, NUMBERED));
  const id = numberIn(objectIdOf(data));
  if (path === undefined || id === null) return null;
  const type = number === '' ? numberIn(typeIn(data)) : number;
  if (path.includes('{type}') && type === null) return null;
  return path.replace('{id}', id).replace('{type}', type ?? '');
}

/** What was read of a kind of objects has their page too. */
function codeOfKind(code: string): string {
  const [, kind, number] = /^CRM\.([A-Z-]+?)(?:-(\d+))?\.SNAPSHOT$/.exec(code) ?? [];
  if (kind === undefined) return code;
  if (kind === 'INVOICE') return 'ONCRMDYNAMICITEMADD_31';
  return `ONCRM${kind.replaceAll('-', '')}ADD${number === undefined ? '' : `_${number}`}`;
}

/** The smart process of an event that has its number in its data. */
function typeIn(data: unknown): unknown {
  const { FIELDS: fields } = isRecord(data) ? data : {};
  return isRecord(fields) ? fields['ENTITY_TYPE_ID'] : undefined;
}

function numberIn(value: unknown): string | null {
  const text = value instanceof ExactNumber ? value.text : String(value);
  return /^\d{1,20}$/.test(text) ? text : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
