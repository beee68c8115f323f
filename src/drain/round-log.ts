import { type Log } from '../log.js';
import { type RoundOutcome } from './apply.js';
import { type RoundPlan } from './plan.js';

/** Writes a round's one line: for people where it did anything, else for whoever debugs. */
export function logRound(
  log: Log,
  portal: string,
  plan: RoundPlan,
  outcome: RoundOutcome<unknown>,
  facts: Readonly<Record<string, number>>,
): void {
  const { reserved, errorRows, adopted, marked, cleared } = outcome;
  const quiet = reserved + errorRows + adopted + marked + cleared === 0 && outcome.failures.length === 0;
  log[quiet ? 'debug' : 'info']({
    event: 'round',
    portal,
    commands: plan.commands.length,
    reserved,
    errorRows,
    adopted,
    marked,
    cleared,
    ...facts,
  });
}
