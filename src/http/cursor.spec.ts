import { describe, expect, it } from '@jest/globals';
import { BadCursor, readCursor, writeCursor } from './cursor.js';

describe('a cursor', () => {
  it('says where a page of its list ends, in characters of an address', () => {
    const cursor = writeCursor('events-latest', { at: -1, id: 17 });
    expect(cursor).toMatch(/^[\w-]+$/);
    expect(readCursor('events-latest', cursor)).toEqual({ at: -1, id: 17 });
  });

  it.each([
    ['another list', writeCursor('audit', { at: 1, id: 2 })],
    ['no list', ''],
    ['a number', '17'],
    ['what is no number', Buffer.from('events-newest:1:x').toString('base64url')],
    ['too large a number', Buffer.from('events-newest:1:1234567890123456').toString('base64url')],
  ])('of %s is refused', (_, cursor) => {
    expect(() => readCursor('events-newest', cursor)).toThrow(BadCursor);
  });
});
