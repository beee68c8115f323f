import { type Doubt, type MarkInDoubt, rowKey } from './round-memory.js';

/** One command of a round. They run in this order, whatever became of the ones before. */
export type RoundCommand =
  /** Orphan scan: list what is reserved between two process ids that the ledger knows. */
  | { readonly kind: 'scan'; readonly after: string; readonly before: string | null }
  /** Read what an orphan holds, reserving nothing new. */
  | {
      readonly kind: 'adopt';
      readonly processId: string;
      readonly errored: boolean;
      readonly afterRowId: string | null;
      readonly limit: number;
    }
  | { readonly kind: 'adopt_by_list'; readonly processId: string; readonly afterRowId: string | null }
  /** Read what a batch still holds, before one of its messages may be marked. */
  | { readonly kind: 'verify'; readonly processId: string }
  | { readonly kind: 'reserve'; readonly limit: number }
  | { readonly kind: 'mark'; readonly processId: string; readonly messageIds: readonly string[] }
  | { readonly kind: 'clear'; readonly processId: string; readonly rowIds: readonly string[] }
  | { readonly kind: 'fetch_error_rows'; readonly limit: number }
  /** The row of one message, while a mark of another is in doubt. */
  | { readonly kind: 'fetch_error_row'; readonly messageId: string }
  /** List all rows of a message whose mark has an unknown outcome. */
  | { readonly kind: 'find_mark'; readonly messageId: string }
  /** Without reservations: take, and so delete, the rows that the journal has. */
  | { readonly kind: 'take'; readonly lastRowId: string; readonly limit: number; readonly errored: boolean }
  | { readonly kind: 'list'; readonly start: number; readonly errored: boolean }
  /** Count what is left under a source key that is to be finished. */
  | { readonly kind: 'count_left' }
  | { readonly kind: 'check_features' }
  | { readonly kind: 'check_bindings' }
  | { readonly kind: 'check_installation' }
  /** Whether the portal reserves for us: asked while it is not known that it does. */
  | { readonly kind: 'check_reservations' };

export interface RoundPlan {
  readonly commands: readonly RoundCommand[];
  /** There is more to do than one round carries: the next follows at once. */
  readonly more: boolean;
}

/** What these commands may do to rows that are believed to be held, should their outcome be unknown. */
export function doubtOf(commands: readonly RoundCommand[]): Doubt {
  const clears = commands
    .filter((command) => command.kind === 'clear')
    .flatMap(({ processId, rowIds }) => rowIds.map((rowId) => rowKey({ processId, rowId })));
  const marks = commands
    .filter((command) => command.kind === 'mark')
    .flatMap(({ processId, messageIds }) => messageIds.map((messageId) => ({ processId, messageId })));
  return { marks: marksOf(marks), clears: new Set(clears) };
}

/** Marks that may be made, by message; of a message that is named twice none can be told from the other. */
export function marksOf(
  sent: readonly { readonly processId: string; readonly messageId: string }[],
): Map<string, MarkInDoubt> {
  const marks = new Map<string, MarkInDoubt>();
  for (const { processId, messageId } of sent)
    marks.set(messageId, markInDoubt(processId, marks.has(messageId)));
  return marks;
}

/** A mark that may be made, of which nothing was seen yet. */
export function markInDoubt(processId: string, repeated = false): MarkInDoubt {
  return { processId, repeated, lookedAt: Number.NEGATIVE_INFINITY };
}
