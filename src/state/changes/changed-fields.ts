import { type ChangedFields } from '../../contract/event-state.js';
import { parseJson, writeJson } from '../../json/exact-json.js';

/**
 * What has changed between two states of an object, as JSON texts, each field as a whole. A field that only one of them
 * has was not asked for then, and says nothing.
 */
export function changedFields(before: string, after: string): ChangedFields {
  if (before === after) return {};
  const [from, to] = [before, after].map((text) => parseJson(text) as Record<string, unknown>) as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  const names = Object.keys(to).filter((name) => Object.hasOwn(from, name));
  const changed = names.filter((name) => writeJson(from[name]) !== writeJson(to[name]));
  return Object.fromEntries(changed.map((name) => [name, { from: from[name], to: to[name] }]));
}
