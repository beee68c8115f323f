import { readTime } from '../../audit/read-time.js';
import { type EventQuery } from '../../events/search/event-query.js';
import { FOUND_STATES, type FoundState } from '../../ledger/search/event-filter.js';
import { type Portal } from '../../portals/portal-record.js';
import { type Fields, textField } from '../session/dashboard-request.js';

/** What a user looks for among all events, as it was typed; '' does not narrow. */
export interface FindQuery {
  readonly q: string;
  readonly state: FoundState | '';
  readonly portal: string;
  readonly event: string;
  readonly from: string;
  readonly to: string;
}

/** Where all events are. */
export const FIND_PATH = '/events/all';
const MAX_TEXT = 200;

export function readFindQuery(fields: Fields): FindQuery {
  const text = (name: keyof FindQuery) => textField(fields, name).slice(0, MAX_TEXT);
  const state = text('state');
  return {
    q: text('q'),
    state: FOUND_STATES.find((known) => known === state) ?? '',
    portal: text('portal'),
    event: text('event').toUpperCase(),
    from: text('from'),
    to: text('to'),
  };
}

/** Where a query's events are, from a cursor on; with `file` as a file. */
export function findPath(
  query: Partial<FindQuery>,
  { cursor, file }: { cursor?: string; file?: 'csv' | 'json' } = {},
): string {
  const fields = Object.entries(query).filter(([, value]) => value !== '');
  if (cursor !== undefined) fields.push(['after', cursor]);
  const path = file === undefined ? FIND_PATH : `${FIND_PATH}/export/${file}`;
  return fields.length === 0 ? path : `${path}?${new URLSearchParams(fields).toString()}`;
}

/** A query as the search understands it; or what of it could not be read. */
export function searchOf(
  { q, state, portal: word, event, from, to }: FindQuery,
  portals: { byName(name: string): Portal | undefined; get(memberId: string): Portal | undefined },
): { readonly query: EventQuery } | { readonly unreadable: string } {
  // By its member id, where its name is another's by now.
  const portal = word === '' ? null : (portals.byName(word) ?? portals.get(word));
  if (portal === undefined) return { unreadable: word };
  const [start, end] = [from, to].map((time) => (time === '' ? undefined : readTime(time)));
  if (start === null) return { unreadable: from };
  if (end === null) return { unreadable: to };
  const codes = event.split(/[\s,]+/).filter((code) => code !== '');
  return {
    query: {
      text: q === '' ? undefined : q,
      states: state === '' ? undefined : [state],
      portals: portal === null ? undefined : [portal.memberId],
      codes: codes.length === 0 ? undefined : codes,
      from: start,
      to: end,
    },
  };
}
