import { type Database } from '../../src/database/database.js';
import { type EventQuery } from '../../src/events/search/event-query.js';
import { type EventSearch } from '../../src/events/search/event-search.js';
import { cpuBetween, databaseCpu } from './database-cpu.js';
import { changedAt, EVERY, memberOf, objectOf, portalOf, processOf, reasonOf } from './past.js';
import { quantile } from './statistics.js';

/** Looks of each kind. */
export const LOOKS = 20;
const PAGE = 50;
const HOUR_MS = 3_600_000;

/** A past that is searched. */
export interface Searched {
  readonly events: number;
  readonly portals: number;
  readonly reasons: number;
  readonly until: number;
}

/** How long one kind of search took, ms. */
export interface SearchTimes {
  readonly what: string;
  readonly p50: number;
  readonly p95: number;
  /** CPU time of this process and of the database server together, the mean of all looks, ms. */
  readonly cpu: number;
  /** Found on the first page, of all looks together. */
  readonly found: number;
}

/** A kind of search, and what it looks for at its n-th time: another thing each time, spread over the past. */
type Kind = readonly [what: string, query: (event: number, look: number) => EventQuery];

function kinds(past: Searched): Kind[] {
  const { portals, reasons } = past;
  const portal = (event: number) => portalOf(event, portals) + 1;
  const deal = (event: number) => `deal ${objectOf(event)}`;
  const hour = (event: number) => {
    const from = changedAt(event, past) * 1000;
    return { from, to: from + HOUR_MS };
  };
  const quiet = memberOf(portals);
  return [
    ['an object', (event) => ({ text: deal(event) })],
    ['a number', (event) => ({ text: String(objectOf(event)) })],
    ['an object within an hour', (event) => ({ text: deal(event), ...hour(event) })],
    ['an event id', (event) => ({ text: `${memberOf(portal(event))}-${event}-${changedAt(event, past)}` })],
    ['a process id', (event) => ({ text: processOf(event) })],
    ['a part of a reason', (_event, look) => ({ text: `Клиент ${(look * 97) % reasons} НЕ` })],
    ['a part of every reason', () => ({ text: 'unknown to the' })],
    ['a whole reason', (_event, look) => ({ reason: reasonOf((look * 97) % reasons) })],
    ['a code', () => ({ codes: ['ONTASKUPDATE'] })],
    ['a part of a code', () => ({ text: 'leadadd' })],
    ['a code that few have', () => ({ codes: ['ONCRMCOMPANYADD'] })],
    ['a portal', (event) => ({ portals: [memberOf(portal(event))] })],
    ['a portal by name', (event) => ({ text: `portal${portal(event)}.bitrix24` })],
    ['a portal within an hour', (event) => ({ portals: [memberOf(portal(event))], ...hour(event) })],
    ['a portal of few events', () => ({ portals: [quiet] })],
    ['a state', () => ({ states: ['processed'] })],
    ['a state of few events', () => ({ states: ['discarded'] })],
    ['a state that none has', () => ({ states: ['superseded'] })],
    ['an hour', (event) => hour(event)],
    ['portal and object', (event) => ({ text: `portal${portal(event)} ${deal(event)}` })],
    ['portal, code and state', (event) => ({ text: `portal${portal(event)} ONCRMDEALADD dead` })],
    ['portal and part of a reason', (event) => ({ text: `portal${portal(event)} unknown to the` })],
    ['dead events within an hour', (event) => ({ states: ['dead'], ...hour(event) })],
    ['everything', () => ({})],
    ['what is nowhere', () => ({ text: 'nothing like it' })],
  ];
}

/** Asks each kind of search again and again: its first page, and one in the middle of the past. */
export async function searchTimes(
  database: Database,
  search: EventSearch,
  past: Searched,
): Promise<SearchTimes[]> {
  const times: SearchTimes[] = [];
  const middle = changedAt(Math.floor(past.events / 2), past) * 1000;
  const { next: cursor } = await search.find({ to: middle }, { limit: 1 });
  if (cursor === null) throw new Error('there is no past');
  for (const [what, query] of kinds(past)) {
    for (const deep of [false, true]) {
      const taken: number[] = [];
      let found = 0;
      const before = await databaseCpu(database);
      for (let look = 0; look < LOOKS; look += 1) {
        // One that failed, so that each kind has something to find.
        const share = Math.floor((past.events / EVERY.dead / LOOKS) * (look + 0.5));
        const event = Math.max(1, share) * EVERY.dead;
        const page = deep ? { limit: PAGE, cursor } : { limit: PAGE };
        const asked = query(event, look);
        const startedAt = performance.now();
        const { events } = await search.find(asked, page);
        taken.push(performance.now() - startedAt);
        found += events.length;
      }
      const { process, server } = cpuBetween(before, await databaseCpu(database), LOOKS);
      times.push({
        what: deep ? `${what}, deep page` : what,
        p50: quantile(taken, 0.5),
        p95: quantile(taken, 0.95),
        cpu: (process + server) / 1000,
        found,
      });
    }
  }
  return times;
}
