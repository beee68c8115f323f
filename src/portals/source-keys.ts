import { Phrase } from '../i18n/translate.js';

/** The source keys of one portal ('' for none). */
export interface SourceKeys {
  /** Under which it answered last; null until it answered once. */
  readonly present: string | null;
  /** Which it had before, and under which there may still be rows or bindings. */
  readonly former: readonly string[];
}

/** The portal has answered under this key: what it had before is to be finished. Pure. */
export function answeredUnder(keys: SourceKeys, key: string): SourceKeys {
  if (keys.present === key) return keys;
  return { present: key, former: keysToFinish(keys, key) };
}

/** The keys to finish while rounds run under this one, whether the portal has answered under it or not. Pure. */
export function keysToFinish({ present, former }: SourceKeys, key: string): readonly string[] {
  const all = new Set([...former, ...(present === null ? [] : [present])]);
  all.delete(key);
  return [...all];
}

/** How a source key is called in a text for people. */
export function nameOfKey(key: string): Phrase {
  return key === '' ? Phrase.of('portal.noKey') : Phrase.of('portal.key', { key });
}

/** Reads the list as it is stored. */
export function parseKeys(text: string | null): readonly string[] {
  return text === null ? [] : (JSON.parse(text) as string[]);
}

/** Writes the list as it is stored. */
export function writeKeys(keys: readonly string[]): string | null {
  return keys.length === 0 ? null : JSON.stringify(keys);
}
