import { Problem } from './problem.js';

/** Where a page ends, as text that fits into an address. Programs are to take it as it is. */
export function writeCursor(kind: string, at: number, id: number): string {
  return Buffer.from(`${kind}:${at}:${id}`).toString('base64url');
}

/** @throws {Problem} for a cursor of another list, or none */
export function readCursor(kind: string, cursor: string | undefined): { at: number; id: number } | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const [, of, at, id] = /^([a-z]+):(-?\d{1,15}):(\d{1,15})$/.exec(text) ?? [];
  if (of !== kind || at === undefined || id === undefined)
    throw new Problem('invalid-cursor', 'take `next` of the page before as it is');
  return { at: Number(at), id: Number(id) };
}
