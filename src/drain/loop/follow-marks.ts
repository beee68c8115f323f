import { type PortalError } from '../../bitrix24/errors.js';
import { type RoundCommandResult } from '../round/round-command-result.js';
import { type LoopDependencies } from './loop-dependencies.js';
import { MARK_ATTEMPTS, noteMarks, pauseMarks } from '../round/marking.js';
import { backOff } from '../pacing/pacing.js';
import { type RoundMemory } from '../round/round-memory.js';

/**
 * Follows what a round did to marks: a portal where they fail again and again is remembered as such, and is marked no
 * more for an hour; one that takes them again is forgotten.
 * @throws the database's error
 */
export async function followMarks(
  { portal, log }: Pick<LoopDependencies, 'portal' | 'log'>,
  memory: RoundMemory,
  results: readonly RoundCommandResult<PortalError>[],
  now: number,
  random: number,
): Promise<void> {
  const { marking } = memory;
  const seen = noteMarks(marking, results, now, (failures) => backOff(failures, random));
  const { made, failed, givenUp } = seen;
  if (seen.madeUntold) memory.errorRowsRemain = true;
  for (const processId of givenUp) {
    log.warn({ event: 'marks.given_up', portal: portal.name, processId, reason: marking.reason });
  }
  const since = portal.marksFailingSince();
  if (made && since !== null) {
    await portal.setMarksFailing(null);
    log.info({ event: 'marks.work', portal: portal.name, failedSince: new Date(since).toISOString() });
  } else if (failed >= MARK_ATTEMPTS || (failed > 0 && since !== null)) {
    pauseMarks(marking, now);
    await portal.setMarksFailing(since ?? now);
  }
}
