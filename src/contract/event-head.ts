import { type JsonObject } from './reply-fields.js';

/** Whatever stands before an event's data fits in here. */
const HEAD_BYTES = 8192;
const DATA = ',"data":';

/**
 * What stands before the data in an event of the bridge's, as it was sent: the data comes last, and is what is large.
 * Nothing of anything else.
 */
export function headOfEvent(content: Buffer): JsonObject {
  const head = content.subarray(0, HEAD_BYTES).toString('utf8');
  const end = head.indexOf(DATA);
  if (end < 0 || !head.startsWith('{')) return {};
  try {
    return JSON.parse(`${head.slice(0, end)}}`) as JsonObject;
  } catch {
    return {};
  }
}
