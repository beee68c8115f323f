/**
 * How a delivery ended. `processed`: a service said so. `silent`: nothing was heard of it in time, which counts as
 * processed. `discarded`: given up by hand. `dead`: its attempts were exhausted. `superseded`: before it was settled, its
 * row on the portal took in a newer change, and that is delivered instead.
 */
export type HistoryOutcome = 'processed' | 'silent' | 'discarded' | 'dead' | 'superseded';

/** As the history has them. What is written is never renumbered. */
export const OUTCOME_NUMBERS: Readonly<Record<HistoryOutcome, number>> = {
  processed: 1,
  silent: 2,
  discarded: 3,
  dead: 4,
  superseded: 5,
};

export const HISTORY_OUTCOMES = Object.keys(OUTCOME_NUMBERS) as readonly HistoryOutcome[];

const BY_NUMBER = new Map(HISTORY_OUTCOMES.map((word) => [OUTCOME_NUMBERS[word], word]));

/** The outcome of a number; a later version may have written one that this one does not know. */
export function outcomeOf(number: number): HistoryOutcome {
  return BY_NUMBER.get(number) ?? 'processed';
}
