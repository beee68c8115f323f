import { type ReservedEvent } from '../../ledger/record-reserved.js';
import { type ListedRow } from './apply-journal.js';
import { type RoundCommand } from './round-command.js';

/** What became of one command: its parsed result, or the failure that the portal answered. */
export type RoundCommandResult<Failure> =
  | { readonly command: RoundCommand; readonly failed: true; readonly failure: Failure }
  | {
      readonly command: RoundCommand;
      readonly failed: false;
      readonly events?: readonly ReservedEvent[];
      /** Of a reserving get: the fresh process id. */
      readonly processId?: string | null;
      readonly rows?: readonly ListedRow[];
      /** Of a list: all rows that match, on every page. */
      readonly total?: number;
    };
