/** Which object of a portal. */
export interface ObjectKey {
  readonly entityTypeId: number;
  readonly id: string;
}

/** What was last published of an object. */
export interface LastState extends ObjectKey {
  /** As it is stored: sealed where a key is set. */
  readonly state: string;
  /** What was published before by another event; null where nothing was. */
  readonly previous: string | null;
  /** Names the event that told of it. */
  readonly toldBy: string;
}

/** Rows that one statement takes. */
export const ROWS_AT_ONCE = 100;

/** Objects by their type. */
export function idsByType(objects: readonly ObjectKey[]): Map<number, string[]> {
  const byType = new Map<number, string[]>();
  for (const { entityTypeId, id } of objects) {
    const ids = byType.get(entityTypeId);
    if (ids === undefined) byType.set(entityTypeId, [id]);
    else ids.push(id);
  }
  return byType;
}
