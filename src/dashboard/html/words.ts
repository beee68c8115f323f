import { type TextArguments, type TextKey } from '../../i18n/catalogue.js';
import { duration, exact, rate, relative, whole } from '../../i18n/figures.js';
import { type Language } from '../../i18n/language.js';
import { type Markup, type Phrase, translate, translateParts, type Value } from '../../i18n/translate.js';
import { html, type Html } from './html.js';

/** What a page's words are taken from: texts, figures and times in one language. */
export interface Words {
  readonly language: Language;
  /** A text. */
  t<Key extends TextKey>(this: void, key: Key, ...args: TextArguments<Key, Value>): string;
  /** A text with markup in it: what is put in is escaped, unless it is {@link Html}. */
  h<Key extends TextKey>(
    this: void,
    key: Key,
    ...args: TextArguments<Key, Value | Html, (inside: Html) => Html>
  ): Html;
  say(this: void, phrase: Phrase): string;
  /** `12,345`; a dash for what is unknown. */
  count(this: void, value: number | null | undefined): string;
  /** `0`, `0.4`, `12`; a dash for what is unknown. */
  rate(this: void, perSecond: number | null): string;
  /** `850 ms`, `12 s`, `5 min`, `3 h`, `2 d`. */
  duration(this: void, ms: number): string;
  /** How long ago, with the exact time as a title. */
  ago(this: void, at: number | null, now: number): Html;
  /** The exact time, UTC; the page's script puts the reader's own beside it. */
  exactTime(this: void, at: number): Html;
}

/** The words of a language. */
export function wordsIn(language: Language): Words {
  return WORDS[language];
}

const WORDS: Readonly<Record<Language, Words>> = { en: makeWords('en'), ru: makeWords('ru') };

function makeWords(language: Language): Words {
  const time = (at: number, content: string, kind: Html | false = false) => {
    const utc = exact(language, at);
    return html`<time datetime="${new Date(at).toISOString()}" title="${utc}" data-utc="${utc}" ${kind}
      >${content}</time
    >`;
  };
  return {
    language,
    t: (key, ...args) => translate(language, key, ...args),
    h: (key, ...args) => withMarkup(language, key, args[0] ?? {}),
    say: (phrase) => phrase.in(language),
    count: (value) => (value === null || value === undefined ? '–' : whole(language, value)),
    rate: (perSecond) => (perSecond === null ? '–' : rate(language, perSecond)),
    duration: (ms) => duration(language, ms),
    ago: (at, now) =>
      at === null
        ? html`<span class="quiet">–</span>`
        : time(at, relative(language, at, now), html`data-relative`),
    exactTime: (at) => time(at, exact(language, at)),
  };
}

type MarkupValues = Readonly<Record<string, Value | Html | ((inside: Html) => Html)>>;

function withMarkup(language: Language, key: TextKey, values: MarkupValues): Html {
  const wrapped = Object.entries(values).map(([name, value]): [string, Value | Html | Markup<Html>] => [
    name,
    typeof value === 'function' ? (inside) => value(html`${inside}`) : value,
  ]);
  return html`${translateParts<Html>(language, key, Object.fromEntries(wrapped))}`;
}
