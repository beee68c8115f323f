import { distance } from 'fastest-levenshtein';

/** Letters by which a word may differ from the one that was meant. */
const SLIPS = 3;

/** The word that resembles it most; null where none does. */
export function nearestOf(word: string, words: readonly string[]): string | null {
  let nearest: string | null = null;
  let least = Math.min(SLIPS, Math.floor(word.length / 3)) + 1;
  for (const candidate of words) {
    const difference = distance(word.toLowerCase(), candidate.toLowerCase());
    if (difference < least) [nearest, least] = [candidate, difference];
  }
  return nearest;
}
