import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { IntlMessageFormat } from 'intl-messageformat';
import { TEXTS as CATALOGUE, type TextKey } from './catalogue.js';
import { LANGUAGES, type Language } from './language.js';

type Element = ReturnType<IntlMessageFormat['getAst']>[number];

/** Kinds of elements, as the parser numbers them. */
const LITERAL = 0;
const PLURAL = 6;
const PLURALS_NUMBER = 7;

const SOURCES = fileURLToPath(new URL('..', import.meta.url));
const TEXTS: Readonly<Record<TextKey, Readonly<Record<Language, string>>>> = CATALOGUE;
const KEYS = Object.keys(TEXTS) as TextKey[];

/** Names and kinds of what is put into a text; of a plural its branches, too. */
function holes(elements: readonly Element[]): { names: string[]; plurals: string[][] } {
  const names: string[] = [];
  const plurals: string[][] = [];
  for (const element of elements) {
    const kind = Number(element.type);
    if (kind === LITERAL || kind === PLURALS_NUMBER) continue;
    names.push(`${'value' in element ? element.value : ''}:${kind}`);
    const branches = 'options' in element ? Object.values(element.options).map(({ value }) => value) : [];
    if (kind === PLURAL && 'options' in element) plurals.push(Object.keys(element.options));
    for (const inner of [...branches, ...('children' in element ? [element.children] : [])]) {
      const found = holes(inner);
      names.push(...found.names);
      plurals.push(...found.plurals);
    }
  }
  return { names: [...new Set(names)].sort(), plurals };
}

function read(key: TextKey, language: Language): { names: string[]; plurals: string[][] } {
  return holes(new IntlMessageFormat(TEXTS[key][language], language).getAst());
}

/** Everything that may name a text. */
function sources(): string {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => /\.(ts|js)$/.test(file) && !/\.spec\.ts$|^i18n\/texts\//.test(file))
    .map((file) => readFileSync(`${SOURCES}/${file}`, 'utf8'))
    .join('\n');
}

describe.each(LANGUAGES)('every text in %s', (language) => {
  it('says something', () => {
    const bad = KEYS.filter(
      (key) => TEXTS[key][language].trim() !== TEXTS[key][language] || TEXTS[key][language] === '',
    );
    expect(bad).toEqual([]);
  });

  it('has the same holes as in English', () => {
    const bad = KEYS.filter((key) => String(read(key, language).names) !== String(read(key, 'en').names));
    expect(bad).toEqual([]);
  });

  it('has every plural that the language has', () => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const bad = KEYS.filter((key) =>
      read(key, language).plurals.some((branches) => forms.some((form) => !branches.includes(form))),
    );
    expect(bad).toEqual([]);
  });
});

it('no Russian text was left in English', () => {
  const same = KEYS.filter(
    (key) => TEXTS[key].ru === TEXTS[key].en && /[a-z]{3}/.test(TEXTS[key].en.replace(/\{\w+\}/g, '')),
  );
  expect(same).toEqual([]);
});

it('every text is used', () => {
  const code = sources();
  // `delivery.${state}` uses every key that begins so and goes on with one word.
  const begun = new Set(
    [...code.matchAll(/`([a-zA-Z0-9.]+\.)\$\{[\w.]+\}([a-zA-Z0-9.]*)`/g)].map(
      ([, head, tail]) => `${head}*${tail}`,
    ),
  );
  // Every text of the code that may be a key.
  const named = new Set([...code.matchAll(/'([\w.-]+)(?=')/g)].map(([, text]) => text));
  const unused = KEYS.filter((key) => {
    const parts = key.split('.');
    return !named.has(key) && !parts.some((_part, at) => begun.has(parts.with(at, '*').join('.')));
  });
  expect(unused).toEqual([]);
});
