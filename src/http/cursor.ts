/** A cursor that this list did not give. */
export class BadCursor extends Error {
  constructor() {
    super('the cursor is not one that this list has given');
    this.name = 'BadCursor';
  }
}

/** Where a page of a list ends: at what the list is ordered by, and which entry of those that have it alike. */
export interface Mark {
  readonly at: number;
  readonly id: number;
}

/** Where a page ends, as text that fits into an address. Programs are to take it as it is. */
export function writeCursor(list: string, { at, id }: Mark): string {
  return Buffer.from(`${list}:${at}:${id}`).toString('base64url');
}

/** @throws {BadCursor} for a cursor of another list, or none */
export function readCursor(list: string, cursor: string): Mark {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const [, of, at, id] = /^([a-z-]+):(-?\d{1,15}):(\d{1,15})$/.exec(text) ?? [];
  if (of !== list || at === undefined || id === undefined) throw new BadCursor();
  return { at: Number(at), id: Number(id) };
}
