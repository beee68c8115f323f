import { describe, expect, it } from '@jest/globals';
import { duration, exact, relative, whole } from './figures.js';
import { languageOfEnvironment, languageOfHeader } from './language.js';
import { Phrase, translate } from './translate.js';

const AT = Date.UTC(2026, 10, 25, 1, 2, 3);

describe('the language of a terminal', () => {
  it.each([
    [{}, 'en'],
    [{ LANG: 'ru_RU.UTF-8' }, 'ru'],
    [{ LANG: 'ru' }, 'ru'],
    [{ LANG: 'ru_UA.utf8@euro' }, 'ru'],
    [{ LC_MESSAGES: 'ru_RU.UTF-8', LANG: 'en_US.UTF-8' }, 'ru'],
    [{ LC_ALL: 'C', LANG: 'ru_RU.UTF-8' }, 'en'],
    [{ LC_ALL: '', LANG: 'ru_RU.UTF-8' }, 'ru'],
    [{ LANG: 'ru_RU.KOI8-R' }, 'en'],
    [{ LANG: 'de_DE.UTF-8' }, 'en'],
    [{ LANG: 'run_RU.UTF-8' }, 'en'],
  ])('of %j is %s', (env, language) => {
    expect(languageOfEnvironment(env)).toBe(language);
  });
});

describe('the language of a browser', () => {
  it.each([
    [undefined, 'en'],
    ['ru', 'ru'],
    ['ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7', 'ru'],
    ['en-US,en;q=0.9,ru;q=0.8', 'en'],
    ['uk, ru;q=0.8, en;q=0.5', 'ru'],
    ['de-DE', 'en'],
    ['ru;q=0, de', 'en'],
    ['en;q=0.1, ru ; q=0.5', 'ru'],
    [';;;,,q=1', 'en'],
  ])('that asks for %j is %s', (header, language) => {
    expect(languageOfHeader(header)).toBe(language);
  });
});

describe('figures and times', () => {
  it('are written as the language writes them', () => {
    expect([whole('en', 12_345), whole('ru', 12_345)]).toEqual(['12,345', '12\u00a0345']);
    expect([duration('en', 1500), duration('ru', 1500)]).toEqual(['1.5 s', '1,5 с']);
    expect([exact('en', AT), exact('ru', AT)]).toEqual([
      '2026-11-25 01:02:03 UTC',
      '25.11.2026, 01:02:03 UTC',
    ]);
  });

  it('say how long ago, or until when', () => {
    expect(['en', 'ru'].map((language) => relative(language as 'en' | 'ru', AT, AT + 12_000))).toEqual([
      '12 s ago',
      '12 с назад',
    ]);
    expect(relative('ru', AT + 300_000, AT)).toBe('через 5 мин');
    expect(relative('ru', AT, AT)).toBe('сейчас');
  });
});

describe('texts', () => {
  it.each([
    [1, 'Слишком много попыток. Повторите через минуту.'],
    [2, 'Слишком много попыток. Повторите через 2 минуты.'],
    [5, 'Слишком много попыток. Повторите через 5 минут.'],
    [11, 'Слишком много попыток. Повторите через 11 минут.'],
    [21, 'Слишком много попыток. Повторите через 21 минуту.'],
  ])('have Russian plurals: %i', (minutes, text) => {
    expect(translate('ru', 'logIn.tooMany', { minutes })).toBe(text);
  });

  it('are said later in the language of whoever reads them, with what is put into them', () => {
    const phrase = Phrase.of('trouble.summary', { what: 'x', reason: Phrase.of('error.404') });
    expect(phrase.in('en')).toBe('x: Not here');
    expect(phrase.in('ru')).toContain('Здесь этого нет');
  });
});
