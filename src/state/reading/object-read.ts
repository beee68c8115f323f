import { type PortalError } from '../../bitrix24/errors.js';

/** Who reads: what has a higher one goes first. Highest first. */
export const PRIORITIES = ['state', 'reconcile', 'snapshot'] as const;
export type ReadPriority = (typeof PRIORITIES)[number];

/** An object as `crm.item.*` shows it, its numbers with every digit. */
export type ObjectFields = Readonly<Record<string, unknown>>;

/** One page of a list: `crm.item.list` without a count, up to 50 items. */
export interface ListCommand {
  readonly entityTypeId: number;
  /** By field, the operator before its name: `{ '>id': 17, '<=id': 2017 }`. */
  readonly filter: Readonly<Record<string, unknown>>;
  readonly order?: Readonly<Record<string, 'ASC' | 'DESC'>>;
  /** Names of fields, or `*`. */
  readonly select: readonly string[];
}

/** What became of a list command; `beganAt`: when its request left, Unix ms. */
export type ListOutcome =
  { readonly items: readonly ObjectFields[]; readonly beganAt: number } | { readonly failed: PortalError };

/** What an object is now. What was read is as of `beganAt` (Unix ms, when its request left) or newer. */
export type ObjectRead =
  | { readonly status: 'read'; readonly object: ObjectFields; readonly beganAt: number }
  /**
   * `gone`: the portal has said of this object that it does not exist. `unreadable`: our user may not read it.
   * `unsupported`: objects of this type cannot be read.
   */
  | { readonly status: 'gone' | 'unreadable' | 'unsupported'; readonly beganAt: number }
  /** It could not be found out. */
  | { readonly status: 'failed'; readonly error: PortalError };

/** Items that a page of a list holds at most, whatever is asked for. */
export const PAGE_ITEMS = 50;
