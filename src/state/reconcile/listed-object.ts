import { textOf } from '../../bitrix24/json-values.js';
import { type ObjectFields } from '../reading/object-read.js';

/** What an object of a list tells that is compared. */
export interface ListedObject {
  readonly id: number;
  /** Unix seconds. */
  readonly updatedAt: number;
  /** As the portal printed it. */
  readonly updatedTime: string;
  /** Who changed it last; null where that was not asked or not told. */
  readonly updatedBy: string | null;
}

/** What is read of objects to compare them. */
export const COMPARED: readonly string[] = ['id', 'updatedTime'];
/** What is read of those of which no event is known. */
export const CONFIRMED: readonly string[] = [...COMPARED, 'updatedBy'];

/** @returns null for what has no id or no time of its change: it cannot be compared */
export function readListed(fields: ObjectFields): ListedObject | null {
  const id = Number(textOf(fields['id']));
  const updatedTime = textOf(fields['updatedTime']);
  const milliseconds = Date.parse(updatedTime);
  if (!Number.isSafeInteger(id) || id <= 0 || Number.isNaN(milliseconds)) return null;
  return {
    id,
    updatedAt: Math.floor(milliseconds / 1000),
    updatedTime,
    updatedBy: textOf(fields['updatedBy']) || null,
  };
}
