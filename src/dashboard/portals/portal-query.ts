import { shownAddress } from '../../bitrix24/portal-address.js';
import { PORTAL_STATES } from '../../database/schema.js';
import { type Reach, REACHES } from '../../monitoring/long-past.js';
import { byNeed, needsAttention, type PortalView } from '../live/snapshot.js';
import { type Fields, numberField, textField } from '../session/dashboard-request.js';

/** States as people filter by them. */
export const PORTAL_FILTERS = ['all', 'trouble', ...PORTAL_STATES] as const;

export const PORTAL_ORDERS = ['need', 'name', 'rate', 'lag', 'flight', 'failed', 'waiting', 'dead'] as const;

type PortalOrder = (typeof PORTAL_ORDERS)[number];

/** Which portals are listed, and how. */
export interface PortalQuery {
  /** Part of a portal's name or domain. */
  readonly text: string;
  readonly state: (typeof PORTAL_FILTERS)[number];
  readonly order: PortalOrder;
  /** By state. */
  readonly group: boolean;
  /** From 1. */
  readonly page: number;
  /** How far back the charts go; null where they are folded. */
  readonly reach: Reach | null;
}

/** Portals on one page. */
const PORTALS_PER_PAGE = 50;

/** Reads an address; what is strange in it is left out. */
export function readPortalQuery(fields: Fields): PortalQuery {
  return {
    text: textField(fields, 'q').slice(0, 200),
    state: PORTAL_FILTERS.find((one) => one === textField(fields, 'state')) ?? 'all',
    order: PORTAL_ORDERS.find((one) => one === textField(fields, 'sort')) ?? 'need',
    group: textField(fields, 'group') === 'state',
    page: Math.max(1, numberField(fields, 'page') ?? 1),
    reach: REACHES.find((one) => one === textField(fields, 'span')) ?? null,
  };
}

/** Where the query's list is. */
export function portalsPath({ text, state, order, group, page, reach }: PortalQuery): string {
  const fields: [string, string][] = [
    ...(text === '' ? [] : [['q', text] as [string, string]]),
    ...(state === 'all' ? [] : [['state', state] as [string, string]]),
    ...(order === 'need' ? [] : [['sort', order] as [string, string]]),
    ...(group ? [['group', 'state'] as [string, string]] : []),
    ...(reach === null ? [] : [['span', reach] as [string, string]]),
    ...(page === 1 ? [] : [['page', String(page)] as [string, string]]),
  ];
  return fields.length === 0 ? '/' : `/?${new URLSearchParams(fields).toString()}`;
}

/** What a list of portals has on its page. */
export interface PortalPage {
  readonly shown: readonly PortalView[];
  readonly matching: number;
  readonly number: number;
  readonly pages: number;
}

/** @param held member ids of rows that stay where they are, because somebody works with them; empty for none */
export function portalsOf(
  portals: readonly PortalView[],
  query: PortalQuery,
  held: readonly string[],
): PortalPage {
  const text = query.text.toLowerCase();
  const matching = portals.filter(
    (view) =>
      (query.state === 'all' ||
        (query.state === 'trouble' ? needsAttention(view) : view.portal.state === query.state)) &&
      (text === '' ||
        [view.portal.name, view.portal.domain, shownAddress(view.portal.clientEndpoint)].some((word) =>
          word.includes(text),
        )),
  );
  const pages = Math.max(1, Math.ceil(matching.length / PORTALS_PER_PAGE));
  const number = Math.min(query.page, pages);
  const kept = held.flatMap((memberId) => portals.find(({ portal }) => portal.memberId === memberId) ?? []);
  const from = (number - 1) * PORTALS_PER_PAGE;
  const shown =
    kept.length > 0 ? kept : [...matching].sort(comparison(query)).slice(from, from + PORTALS_PER_PAGE);
  return { shown, matching: matching.length, number, pages };
}

type Comparison = (left: PortalView, right: PortalView) => number;

const FIGURES: Readonly<Record<Exclude<PortalOrder, 'need' | 'name'>, (view: PortalView) => number | null>> =
  {
    rate: (view) => view.rate,
    lag: (view) => view.lagMs,
    flight: (view) => view.inFlight,
    failed: ({ troubles }) => troubles?.failed ?? 0,
    waiting: ({ troubles }) => troubles?.waiting ?? 0,
    dead: ({ troubles }) => troubles?.dead ?? 0,
  };

/** Names from A to Z, figures from the largest. */
function comparison({ order, group }: PortalQuery): Comparison {
  const byName: Comparison = (left, right) => left.portal.name.localeCompare(right.portal.name);
  const within: Comparison =
    order === 'need'
      ? byNeed
      : order === 'name'
        ? byName
        : (left, right) =>
            (FIGURES[order](right) ?? -1) - (FIGURES[order](left) ?? -1) || byName(left, right);
  if (!group) return within;
  const place = ({ portal }: PortalView) =>
    // Those that work come last.
    portal.state === 'active' ? PORTAL_FILTERS.length : PORTAL_FILTERS.indexOf(portal.state);
  return (left, right) => place(left) - place(right) || within(left, right);
}
