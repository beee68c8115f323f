import { type DeliveryState } from '../../database/schema.js';
import { type RowChange } from './among-changes.js';

/**
 * A delivery's state, or how it ended where that has a word of its own: of what is `processed` in the ledger,
 * `discarded` is what was given up by hand; `superseded` is in the history only.
 */
export type FoundState = DeliveryState | 'discarded' | 'superseded';

export const FOUND_STATES = [
  'reserved',
  'refused',
  'published',
  'failed',
  'marked',
  'waiting',
  'dead',
  'processed',
  'discarded',
  'superseded',
] as const satisfies readonly FoundState[];

/** What has to hold of an event, all of it; what is left out does not narrow. */
export interface Condition {
  readonly memberIds?: readonly string[];
  /** In capitals, as portals write them. */
  readonly codes?: readonly string[];
  readonly states?: readonly FoundState[];
  readonly objectId?: string;
  readonly reasonNos?: readonly number[];
  /** One that it has, or had. */
  readonly processId?: string;
  readonly seq?: number;
  readonly rowId?: string;
  /** One of these changes. */
  readonly changes?: readonly RowChange[];
  /** Changed on the portal at this second and later, and until this one; Unix seconds. */
  readonly from?: number;
  readonly to?: number;
}

/** Every condition of `all`, and one at least of `any`. */
export interface EventFilter {
  readonly all: Condition;
  /** Left out: there is no other. Empty: nothing is found. */
  readonly any?: readonly Condition[];
}

/**
 * `newest`, `oldest`: by the change on the portal. `latest`: what entered its state last comes first; it goes with states
 * that an operator looks at (TROUBLED) only.
 */
export type FoundOrder = 'newest' | 'oldest' | 'latest';

/** Where a page begins: after this one. */
export interface FoundMark {
  /** `changed_at`, or `state_at` where the order is `latest`. */
  readonly at: number;
  readonly seq: number;
}

/** What has to hold where both do; null where nothing can. */
export function both(left: Condition, right: Condition): Condition | null {
  const merged: Record<string, unknown> = { ...left };
  for (const [key, value] of Object.entries(right) as [keyof Condition, Condition[keyof Condition]][]) {
    const other = left[key];
    if (other === undefined) merged[key] = value;
    else if (Array.isArray(value) && Array.isArray(other)) {
      const common = value.filter((one) => (other as readonly unknown[]).includes(one));
      if (common.length === 0) return null;
      merged[key] = common;
    } else if (key === 'from') merged[key] = Math.max(Number(other), Number(value));
    else if (key === 'to') merged[key] = Math.min(Number(other), Number(value));
    else if (value !== other) return null;
  }
  return merged;
}
