import { type Selectable } from 'kysely';
import { type BulkTasksTable, type DeliveryState } from '../database/schema.js';

/** What people do to many deliveries at once. */
export type BulkAction = BulkTasksTable['action'];

/** A change to many deliveries: what was asked for, how far it has come, how it ended. Times are Unix ms. */
export interface BulkTask {
  readonly id: string;
  readonly action: BulkAction;
  readonly by: string;
  /** What was chosen, in the words of who chose it; may be empty. */
  readonly label: string;
  readonly createdAt: number;
  /** Deliveries chosen. */
  readonly total: number;
  /** Made due, or discarded. */
  readonly done: number;
  /** Not to be found any more when their turn came. */
  readonly gone: number;
  /** In a state in which there was nothing to do, when their turn came. */
  readonly left: Readonly<Partial<Record<DeliveryState, number>>>;
  /** Null while it is under way. */
  readonly finishedAt: number | null;
  /** Who ended it before its time; null where it was not ended so. */
  readonly stoppedBy: string | null;
}

/** How many deliveries of a task still wait for their turn; of a task that was stopped: have not had it. */
export function remainingOf({ total, done, gone, left }: BulkTask): number {
  return total - done - gone - Object.values(left).reduce((sum, count) => sum + count, 0);
}

export function bulkTaskOf(row: Selectable<BulkTasksTable>): BulkTask {
  return {
    id: row.id,
    action: row.action,
    by: row.asked_by,
    label: row.label,
    createdAt: row.created_at,
    total: row.total,
    done: row.done,
    gone: row.gone,
    left: JSON.parse(row.left_alone) as BulkTask['left'],
    finishedAt: row.finished_at,
    stoppedBy: row.stopped_by,
  };
}
