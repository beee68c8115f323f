import { type Log } from '../../logging/log.js';
import { type RoundOutcome } from '../round/round-outcome.js';
import { type RoundFacts } from './loop-dependencies.js';
import { type RoundPlan } from '../round/round-command.js';

/** Writes a round's one line: at `info` where it did anything, else at `debug`. */
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

/** The same, for listeners. */
export function roundFacts(plan: RoundPlan, outcome: RoundOutcome<Error>): RoundFacts {
  const { reserved, errorRows, adopted, marked, cleared, full, failures } = outcome;
  const asked = plan.commands.some(({ kind }) => kind === 'reserve' || kind === 'list');
  const failure = failures[0]?.failure.message ?? null;
  return { reserved, errorRows, adopted, marked, cleared, more: asked ? full : null, failure };
}

/** A round to which the portal gave no answer. */
export function lostRound(failure: string): RoundFacts {
  return { reserved: 0, errorRows: 0, adopted: 0, marked: 0, cleared: 0, more: null, failure };
}
