import { type Timeline, type TimelineEntry } from '../../events/search/timeline.js';
import { isoTime, shortTime, table } from '../command/table.js';

const OUTCOMES = {
  processed: 'processed',
  silent: 'processed: no failure was reported in time',
  discarded: 'given up by hand',
  dead: 'dead',
  superseded: 'superseded by a newer change',
} as const;

/** What happened to an event, for people. */
export function timelineText({ id, subject, portal, code, entries }: Timeline): string {
  const title = [subject, code, `of ${portal}`].filter((part) => part !== null && part !== '').join(' ');
  return `${title}\n${table(
    ['TIME', 'WHAT', 'ATTEMPT', 'BY', 'WHY'],
    entries.map((entry) => [
      shortTime(entry.at),
      words(entry, id),
      entry.attempt,
      entry.by ?? entry.via,
      entry.reason,
    ]),
  )}`;
}

function words({ what, outcome, id }: TimelineEntry, event: string): string {
  const said = what === 'settled' && outcome !== null ? OUTCOMES[outcome] : what;
  // The same row on the portal was another change then.
  return id === event ? said : `${said} (${id})`;
}

/** One step for `--json`; times are ISO 8601, what does not apply is null. */
export function describeStep(entry: TimelineEntry) {
  return { ...entry, at: isoTime(entry.at) };
}
