import { type DeliveryFilter, type PageMark } from '../../ledger/find-deliveries.js';
import { TROUBLED, type TroubledState } from '../../ledger/trouble.js';
import { type Portal } from '../../portals/portal-record.js';
import { type Fields, listField, numberField, textField } from '../session/request.js';

/** What a user looks for among the events that went wrong. */
export interface EventQuery {
  readonly states: readonly TroubledState[];
  /** Name of a portal; '' for all. */
  readonly portal: string;
  /** Event codes in capitals, comma-separated; '' for all. */
  readonly event: string;
  readonly text: string;
}

/** Characters of a search text that count. */
const MAX_TEXT = 200;

/** Reads a query or a form; what is strange in it is left out. */
export function readEventQuery(fields: Fields): EventQuery {
  const states = listField(fields, 'state');
  const known = TROUBLED.filter((state) => states.includes(state));
  return {
    states: known.length === 0 ? TROUBLED : known,
    portal: textField(fields, 'portal').slice(0, MAX_TEXT),
    event: textField(fields, 'event').toUpperCase().slice(0, MAX_TEXT),
    text: textField(fields, 'q').slice(0, MAX_TEXT),
  };
}

/** The query as the fields of a form, for the way back. */
export function queryFields(query: EventQuery): [string, string][] {
  const { states, portal, event, text } = query;
  return [
    ...(states.length === TROUBLED.length ? [] : states.map((state): [string, string] => ['state', state])),
    ...(portal === '' ? [] : [['portal', portal] as [string, string]]),
    ...(event === '' ? [] : [['event', event] as [string, string]]),
    ...(text === '' ? [] : [['q', text] as [string, string]]),
  ];
}

/** Where the query's list is, from `after` on. */
export function eventsPath(query: EventQuery, after?: PageMark): string {
  const fields = queryFields(query);
  if (after !== undefined) fields.push(['after', `${after.stateAt}-${after.seq}`]);
  return fields.length === 0 ? '/events' : `/events?${new URLSearchParams(fields).toString()}`;
}

/** Where all that the query finds is, as a file. */
export function exportPath(query: EventQuery, format: 'csv' | 'json'): string {
  const fields = queryFields(query);
  const path = `/events/export/${format}`;
  return fields.length === 0 ? path : `${path}?${new URLSearchParams(fields).toString()}`;
}

/** What {@link eventsPath} wrote of `after`. */
export function readPageMark(fields: Fields): PageMark | undefined {
  const [, stateAt, seq] = /^(\d{1,15})-(\d{1,15})$/.exec(textField(fields, 'after')) ?? [];
  return stateAt === undefined || seq === undefined
    ? undefined
    : { stateAt: Number(stateAt), seq: Number(seq) };
}

/** The query as the ledger understands it; null where it names an unknown portal. */
export function filterOf(
  query: EventQuery,
  portals: { byName(name: string): Portal | undefined },
): DeliveryFilter | null {
  const portal = query.portal === '' ? null : portals.byName(query.portal);
  if (portal === undefined) return null;
  const events = query.event.split(/[\s,]+/).filter((code) => code !== '');
  return {
    states: query.states,
    ...(portal === null ? {} : { memberId: portal.memberId }),
    ...(events.length === 0 ? {} : { events }),
    ...(query.text === '' ? {} : { text: query.text }),
  };
}

/** Which deliveries a button was pressed for. */
export type Choice =
  | { readonly seqs: readonly number[] }
  /** All that match, of those that were there when they were counted. */
  | { readonly query: EventQuery; readonly upToSeq: number | null };

/** Reads the form around the list of events. */
export function readChoice(fields: Fields): Choice {
  if (textField(fields, 'scope') === 'matching') {
    return { query: readEventQuery(fields), upToSeq: numberField(fields, 'upTo') };
  }
  const only = numberField(fields, 'only');
  const seqs = listField(fields, 'seq').filter((text) => /^\d{1,15}$/.test(text));
  return { seqs: only === null ? [...new Set(seqs.map(Number))] : [only] };
}
