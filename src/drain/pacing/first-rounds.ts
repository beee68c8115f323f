/** A thousand portals neither ask nor are written in one instant. */
const APART_MS = 3;
/** What a start left behind is promised to be found within 15 s. */
const LONGEST_SPREAD_MS = 5000;

/**
 * When the first round of each of so many portals begins after a start, ms: one after another, evenly. Pure.
 * @param random from 0 to 1: with which portal it begins, so that it is not always the same
 */
export function firstRounds(portals: number, intervalMs: number, random: number): number[] {
  const spread = Math.min(portals * APART_MS, LONGEST_SPREAD_MS, intervalMs);
  return Array.from({ length: portals }, (_, index) => spread * ((index / portals + random) % 1));
}
