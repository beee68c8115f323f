import { type RestCommand } from '../../bitrix24/batch.js';
import {
  type ListCommand,
  type ListOutcome,
  type ObjectRead,
  PAGE_ITEMS,
  type ReadPriority,
} from './object-read.js';

interface Work {
  readonly priority: ReadPriority;
  /** Requests that ended without saying what became of it. */
  attempts: number;
  /** It is in the queue; a request has it otherwise. */
  queued: boolean;
  /** Nobody waits for it any more. */
  cancelled: boolean;
}

/** A list to be read. */
interface ListWork extends Work {
  readonly kind: 'list';
  readonly command: RestCommand;
  readonly settle: (outcome: ListOutcome) => void;
}

/** An object to be read: among others by its id, or by itself, to find out why no list shows it. */
export interface ObjectWork extends Work {
  kind: 'object' | 'confirm';
  readonly entityTypeId: number;
  readonly id: string;
  readonly select: readonly string[];
  readonly settle: (read: ObjectRead) => void;
}

export type ReadWork = ListWork | ObjectWork;

/** The work of one command. */
export type PlannedCommand =
  | { readonly list: ListWork }
  | { readonly objects: readonly ObjectWork[] }
  | { readonly confirm: ObjectWork };

/** The work behind a command. */
export function workOf(planned: PlannedCommand): readonly ReadWork[] {
  if ('list' in planned) return [planned.list];
  return 'objects' in planned ? planned.objects : [planned.confirm];
}

/** The page that a list command asks for. Without a count, which costs the portal more than the page. */
export function listRequest({ entityTypeId, filter, order, select }: ListCommand): RestCommand {
  return {
    method: 'crm.item.list',
    params: { entityTypeId, filter, ...(order === undefined ? {} : { order }), select, start: -1 },
  };
}

/** What is sent for it. */
export function requestOf(planned: PlannedCommand): RestCommand {
  if ('list' in planned) return planned.list.command;
  return 'objects' in planned ? objectsRequest(planned.objects) : confirmRequest(planned.confirm);
}

/** Reads objects by their ids, {@link PAGE_ITEMS} at most. */
function objectsRequest(works: readonly ObjectWork[]): RestCommand {
  const [first] = works;
  if (first === undefined || works.length > PAGE_ITEMS) throw new Error(`${works.length} objects in a page`);
  return listRequest({
    entityTypeId: first.entityTypeId,
    filter: { '@id': works.map(({ id }) => id) },
    select: first.select,
  });
}

/** Asks for one object by itself. */
function confirmRequest({ entityTypeId, id }: ObjectWork): RestCommand {
  return { method: 'crm.item.get', params: { entityTypeId, id } };
}
