import { ExactNumber } from './exact-number.js';

/** The id of the object that changed, wherever this kind of event keeps it; undefined where its data has none. */
export function objectIdOf(data: unknown): string | number | undefined {
  if (!isRecord(data)) return undefined;
  for (const holder of [data['FIELDS'], data['FIELDS_AFTER'], data['FIELDS_BEFORE'], data]) {
    if (!isRecord(holder)) continue;
    const id = scalar(holder['ID']) ?? (holder === data ? scalar(holder['id']) : undefined);
    if (id !== undefined) return id;
  }
  return undefined;
}

function scalar(value: unknown): string | number | undefined {
  if (typeof value === 'string' && value !== '') return value;
  // As it was written: what JavaScript makes of it could be another object's id.
  if (value instanceof ExactNumber) return value.text;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
