import { distance } from 'fastest-levenshtein';

/** Letters that may differ, be missing or be too many. */
const SLIPS = 2;
/** What people add to a name, or leave out, when they remember it. */
const UNIT = /_(MS|MILLIS|MILLISECONDS|S|SEC|SECS|SECONDS|MIN|MINS|MINUTES|HOURS|DAYS|FILE)$/;
/** First words that mean our B24_. */
const VENDOR = /^(BITRIX24|BITRIX|BX24|B24)_/;

/**
 * The setting that a name was probably meant to be.
 * @returns null for a setting's own name, and for one that resembles none
 */
export function nearestSetting(name: string, settings: readonly string[]): string | null {
  if (settings.includes(name)) return null;
  const plain = plainly(name);
  return bySpelling(plain, settings) ?? byWords(plain, settings);
}

function bySpelling(plain: string, settings: readonly string[]): string | null {
  let nearest: string | null = null;
  let least = SLIPS + 1;
  for (const setting of settings) {
    const difference = Math.min(
      distance(plain, setting),
      // The same but for its unit: as near as a letter.
      1 + distance(plain.replace(UNIT, ''), setting.replace(UNIT, '')),
    );
    // In a short word two letters are most of it.
    if (difference < least && difference <= (setting.length < 9 ? 1 : SLIPS)) {
      nearest = setting;
      least = difference;
    }
  }
  return nearest;
}

/**
 * By the words that are remembered, in any order: `B24_SECRET` for `B24_CLIENT_SECRET`. One word says nothing, and the
 * first one of a setting may be missing only where all others are there (`CLIENT_ID`). Of several the shortest.
 */
function byWords(plain: string, settings: readonly string[]): string | null {
  const given = wordsOf(plain);
  if (given.length < 2) return null;
  const found = settings.filter((setting) => {
    const words = wordsOf(setting);
    if (given.some((word) => !words.includes(word))) return false;
    const [first = ''] = words;
    return given.includes(first) || given.length === words.length - 1;
  });
  return found.sort((a, b) => a.length - b.length)[0] ?? null;
}

function wordsOf(name: string): string[] {
  return name.replace(UNIT, '').split('_');
}

/** Cyrillic capitals that look like these Latin ones. */
const LOOK_ALIKE = new Map(
  [...'АВЕКМНОРСТХУ'].map((letter, index) => [letter, 'ABEKMHOPCTXY'.charAt(index)]),
);

function plainly(name: string): string {
  return name
    .toUpperCase()
    .replace(/[А-Я]/g, (letter) => LOOK_ALIKE.get(letter) ?? letter)
    .replace(/[-. ]/g, '_')
    .replace(VENDOR, 'B24_');
}

/** Words that begin names of other programs' variables as well. */
const COMMON_WORDS: ReadonlySet<string> = new Set([
  'HTTP',
  'HTTPS',
  'NO',
  'NODE',
  'LOG',
  'PUBLIC',
  'STATE',
  'API',
]);

/**
 * Whether a name of the environment, where other programs have theirs, is probably meant for us: its first word is one
 * that our settings begin with, and hardly any other program's.
 */
export function isOurFamily(name: string, settings: readonly string[]): boolean {
  const first = firstWord(plainly(name));
  return !COMMON_WORDS.has(first) && settings.some((setting) => firstWord(setting) === first);
}

function firstWord(name: string): string {
  return name.split('_', 1)[0] ?? '';
}
