/** The languages that people can read the dashboard and the command line in. The first is the source. */
export const LANGUAGES = ['en', 'ru'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Browsers name a few; the rest of a stranger's list is not read. */
const MAX_WANTED = 20;

/** The language that a command line asks for by `--lang ru` or `--lang=ru`; null where it does not. */
export function languageOfArguments(args: readonly string[]): Language | null {
  const at = args.findIndex((argument) => argument === '--lang' || argument.startsWith('--lang='));
  return at < 0 ? null : asLanguage(args[at]?.split('=', 2)[1] ?? args[at + 1]);
}

/** How each language calls itself. */
export const OWN_NAMES: Readonly<Record<Language, string>> = { en: 'English', ru: 'Русский' };

/** One of {@link LANGUAGES}; null for anything else. */
export function asLanguage(text: unknown): Language | null {
  return LANGUAGES.find((language) => language === text) ?? null;
}

/**
 * The language that a terminal asks for: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set, as POSIX has it.
 * English where it is none of ours, and where the terminal says that it shows no UTF-8.
 */
export function languageOfEnvironment(env: Readonly<Record<string, string | undefined>>): Language {
  const locale = [env['LC_ALL'], env['LC_MESSAGES'], env['LANG']].find((value) => value) ?? '';
  const [, word = '', charset = 'utf-8'] = /^([a-z]+)(?:[_-][^.@]*)?(?:\.([^@]*))?/i.exec(locale) ?? [];
  if (!/^utf-?8$/i.test(charset)) return 'en';
  return asLanguage(word.toLowerCase()) ?? 'en';
}

/** The first of our languages by an `Accept-Language` header's own order of preference; English where it names none. */
export function languageOfHeader(header: string | undefined): Language {
  const wanted = (header ?? '').split(',', MAX_WANTED).map((part) => {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
    const quality = parameters.map((text) => /^\s*q=([0-9.]+)\s*$/.exec(text)?.[1]).find(Boolean);
    return { language: asLanguage(tag.split('-', 1)[0]?.trim()), quality: Number(quality ?? 1) };
  });
  const ours = wanted.filter(({ language, quality }) => language !== null && quality > 0);
  return ours.sort((left, right) => right.quality - left.quality)[0]?.language ?? 'en';
}
