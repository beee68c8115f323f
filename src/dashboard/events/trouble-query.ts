import { type DeliveryFilter, type DeliveryRecord, type PageMark } from '../../ledger/find-deliveries.js';
import { TROUBLED, type TroubledState } from '../../ledger/trouble.js';
import { type Portal } from '../../portals/portal-record.js';
import { type Fields, listField, numberField, textField } from '../session/dashboard-request.js';

/** What a user looks for among the events that went wrong. */
export interface TroubleQuery {
  readonly states: readonly TroubledState[];
  /** Name of a portal; '' for all. */
  readonly portal: string;
  /** Event codes in capitals, comma-separated; '' for all. */
  readonly event: string;
  readonly text: string;
  /** Exactly this reason, '' for none that was given; null for any. */
  readonly reason: string | null;
  readonly order: 'latest' | 'oldest';
  /** By reason rather than one by one. */
  readonly group: boolean;
}

/** Characters of a search text that count. */
const MAX_TEXT = 200;

/** Reads a query or a form; what is strange in it is left out. */
export function readTroubleQuery(fields: Fields): TroubleQuery {
  const states = listField(fields, 'state');
  const known = TROUBLED.filter((state) => states.includes(state));
  return {
    states: known.length === 0 ? TROUBLED : known,
    portal: textField(fields, 'portal').slice(0, MAX_TEXT),
    event: textField(fields, 'event').toUpperCase().slice(0, MAX_TEXT),
    text: textField(fields, 'q').slice(0, MAX_TEXT),
    reason: fields['reason'] === undefined ? null : decoded(textField(fields, 'reason')),
    order: textField(fields, 'order') === 'oldest' ? 'oldest' : 'latest',
    group: textField(fields, 'group') === 'reason',
  };
}

/** What {@link queryFields} wrote: browsers change the ends of lines in forms, so a reason travels encoded. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** The query as the fields of a form, for the way back. */
export function queryFields(query: TroubleQuery): [string, string][] {
  const { states, portal, event, text, reason, order, group } = query;
  return [
    ...(states.length === TROUBLED.length ? [] : states.map((state): [string, string] => ['state', state])),
    ...(portal === '' ? [] : [['portal', portal] as [string, string]]),
    ...(event === '' ? [] : [['event', event] as [string, string]]),
    ...(text === '' ? [] : [['q', text] as [string, string]]),
    ...(reason === null ? [] : [['reason', encodeURIComponent(reason)] as [string, string]]),
    ...(order === 'latest' ? [] : [['order', order] as [string, string]]),
    ...(group ? [['group', 'reason'] as [string, string]] : []),
  ];
}

/** Where the query's list is, from `after` on. */
export function eventsPath(query: TroubleQuery, after?: PageMark): string {
  const fields = queryFields(query);
  if (after !== undefined) fields.push(['after', markText(after)]);
  return fields.length === 0 ? '/events' : `/events?${new URLSearchParams(fields).toString()}`;
}

/** Where all that the query finds is, as a file. */
export function exportPath(query: TroubleQuery, format: 'csv' | 'json'): string {
  const fields = queryFields(query);
  const path = `/events/export/${format}`;
  return fields.length === 0 ? path : `${path}?${new URLSearchParams(fields).toString()}`;
}

/** What {@link eventsPath} wrote of `after`. */
export function readPageMark(fields: Fields): PageMark | undefined {
  return pageMarkOf(textField(fields, 'after'));
}

/** A place in a list as a text. */
export function markText({ stateAt, seq }: PageMark): string {
  return `${stateAt}-${seq}`;
}

/** What {@link markText} wrote; undefined for anything else. */
export function pageMarkOf(text: string): PageMark | undefined {
  const [, stateAt, seq] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  return stateAt === undefined || seq === undefined
    ? undefined
    : { stateAt: Number(stateAt), seq: Number(seq) };
}

/** The query as the ledger understands it; null where it names an unknown portal. */
export function filterOf(
  query: TroubleQuery,
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
    ...(query.reason === null ? {} : { reason: query.reason === '' ? null : query.reason }),
  };
}

/** A delivery as it was when somebody pressed its button. */
interface SeenDelivery {
  readonly seq: number;
  /** Null where the form does not say. */
  readonly state: string | null;
  readonly attempt: number | null;
}

/** Which deliveries a button was pressed for. */
export type Choice =
  | { readonly seen: readonly SeenDelivery[] }
  /** All that match, of those that were there when they were counted. */
  | { readonly query: TroubleQuery; readonly upToSeq: number | null };

/** What a button or a box says of the delivery that is seen beside it. */
export function seenValue({
  seq,
  state,
  attempt,
}: Pick<DeliveryRecord, 'seq' | 'state' | 'attempt'>): string {
  return `${seq}.${state}.${attempt}`;
}

/** Reads the form around the list of events. */
export function readChoice(fields: Fields): Choice {
  if (fields['ofReason'] !== undefined) {
    const query = readTroubleQuery({ ...fields, reason: textField(fields, 'ofReason') });
    return { query, upToSeq: numberField(fields, 'upTo') };
  }
  if (textField(fields, 'scope') === 'matching') {
    return { query: readTroubleQuery(fields), upToSeq: numberField(fields, 'upTo') };
  }
  const only = seenOf(textField(fields, 'only'));
  if (only !== null) return { seen: [only] };
  const seen = new Map<number, SeenDelivery>();
  for (const text of listField(fields, 'seq')) {
    const one = seenOf(text);
    if (one !== null) seen.set(one.seq, one);
  }
  return { seen: [...seen.values()] };
}

function seenOf(text: string): SeenDelivery | null {
  const [, seq, state, attempt] = /^(\d{1,15})(?:\.([a-z]{1,20})\.(\d{1,9}))?$/.exec(text) ?? [];
  if (seq === undefined) return null;
  return {
    seq: Number(seq),
    state: state ?? null,
    attempt: attempt === undefined ? null : Number(attempt),
  };
}
