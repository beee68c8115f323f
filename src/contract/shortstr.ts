/** The most bytes that AMQP's short string holds: routing keys, ids, `type` and `reply_to` are all one. */
export const SHORTSTR_BYTES = 255;

/** Whether the text fits AMQP's short string when written as UTF-8. */
export function fitsShortstr(text: string): boolean {
  // A character takes three bytes at most, so most texts need no counting.
  return text.length * 3 <= SHORTSTR_BYTES || Buffer.byteLength(text) <= SHORTSTR_BYTES;
}

/** The start of a text that takes at most so many bytes as UTF-8, cut between characters. */
export function cutToBytes(text: string, bytes: number): string {
  const encoded = Buffer.from(text.slice(0, bytes + 1));
  if (encoded.length <= bytes) return text;
  let end = bytes;
  // 10xxxxxx continues a character: step back to where that one began.
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end--;
  return encoded.toString('utf8', 0, end);
}
