import { type Portal } from './portals.js';
import { pause } from './until.js';

/**
 * Changes new objects of a portal at random times, whether or not earlier changes have arrived: no wait goes unseen.
 * @param perSecond in the mean
 * @returns when each object was changed, `performance.now()`
 */
export async function changeAtRandom(
  portal: Portal,
  count: number,
  perSecond: number,
  eventOf?: (object: number) => string,
): Promise<Map<number, number>> {
  const changedAt = new Map<number, number>();
  const changes: Promise<unknown>[] = [];
  for (let made = 0; made < count; made += 1) {
    await pause((-Math.log(1 - Math.random()) * 1000) / perSecond);
    const at = performance.now();
    changes.push(portal.change(1, eventOf).then((object) => changedAt.set(object, at)));
  }
  await Promise.all(changes);
  return changedAt;
}
