import { IntlMessageFormat } from 'intl-messageformat';
import { TEXTS, type TextArguments, type TextKey } from './catalogue.js';
import { type Language } from './language.js';

/** What may be put into a text. A {@link Phrase} is said in the text's language, several with commas between them. */
export type Value = string | number | Phrase | readonly Phrase[];

/** A text that is made later, in the reader's language. */
export class Phrase {
  private constructor(
    readonly key: TextKey,
    private readonly values: Readonly<Record<string, Value>>,
  ) {}

  /** @param args what the English text names; see {@link TextArguments} */
  static of<Key extends TextKey>(key: Key, ...args: TextArguments<Key, Value>): Phrase {
    return new Phrase(key, args[0] ?? {});
  }

  in(language: Language): string {
    return format(language, this.key, this.values);
  }
}

/** A text in a language. */
export function translate<Key extends TextKey>(
  language: Language,
  key: Key,
  ...args: TextArguments<Key, Value>
): string {
  return format(language, key, args[0] ?? {});
}

/** Puts what stands between `<name>` and `</name>` into markup. */
export type Markup<Piece> = (inside: (string | Piece)[]) => Piece;

/**
 * A text in a language as a list of plain texts and of what was put into it, for those who have to escape the one and
 * not the other.
 */
export function translateParts<Piece extends object>(
  language: Language,
  key: TextKey,
  values: Readonly<Record<string, Value | Piece | Markup<Piece>>>,
): (string | Piece)[] {
  const said = Object.entries(values).map(([name, value]): [string, Plain | Piece | Markup<Piece>] => [
    name,
    isSaid(value) ? sayIn(language, value) : value,
  ]);
  return compiled(language, key)
    .formatToParts<Piece>(Object.fromEntries(said))
    .map(({ value }) => value);
}

type Plain = string | number;

function isSaid<Other>(value: Other | Phrase | readonly Phrase[]): value is Phrase | readonly Phrase[] {
  return value instanceof Phrase || Array.isArray(value);
}

function sayIn(language: Language, said: Phrase | readonly Phrase[]): string {
  return said instanceof Phrase ? said.in(language) : said.map((phrase) => phrase.in(language)).join(', ');
}

function format(language: Language, key: TextKey, values: Readonly<Record<string, Value>>): string {
  return translateParts<never>(language, key, values).join('');
}

const made = new Map<string, IntlMessageFormat>();

/** Reading a text costs more than writing it, so each is read once. */
function compiled(language: Language, key: TextKey): IntlMessageFormat {
  const name = `${language} ${key}`;
  const known = made.get(name);
  if (known !== undefined) return known;
  const fresh = new IntlMessageFormat(TEXTS[key][language], language);
  made.set(name, fresh);
  return fresh;
}
