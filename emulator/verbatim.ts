import { randomUUID } from 'node:crypto';

const MARK = `verbatim-${randomUUID()}:`;
const MARKED = new RegExp(`"${MARK}([0-9a-f]*)"`, 'g');

/** JSON that is sent as it is written here: a portal prints numbers that JavaScript cannot hold. */
export class Verbatim {
  /** @throws SyntaxError when it is no JSON */
  constructor(readonly text: string) {
    JSON.parse(text);
  }

  toJSON(): string {
    return `${MARK}${Buffer.from(this.text).toString('hex')}`;
  }
}

/** JSON.stringify, with verbatim parts as they are. */
export function toJson(body: unknown): string {
  const text = JSON.stringify(body);
  return text.includes(MARK)
    ? text.replace(MARKED, (_all, hex: string) => Buffer.from(hex, 'hex').toString())
    : text;
}
