import { type BatchCommand, type CommandOutcome, isFailed } from '../../bitrix24/batch.js';
import { PortalError, UnreadableAnswer } from '../../bitrix24/errors.js';
import {
  clearCommand,
  errorCommand,
  getCommand,
  listCommand,
  parseGetResult,
  parseListResult,
} from '../../bitrix24/offline-events.js';
import {
  featureQuestion,
  installationQuestion,
  RESERVATIONS,
  reservationsQuestion,
} from '../../bitrix24/portal-facts.js';
import { type RoundCommandResult } from './round-command-result.js';
import { type RoundCommand, type RoundPlan } from './round-command.js';

/** More rows than any batch has: reading one must never be cut short. */
const WHOLE_BATCH = 1_000_000;

/** Writes a plan as the commands of one batch request. */
export function roundRequest(plan: RoundPlan): BatchCommand[] {
  return plan.commands.map((command, index) => ({ name: nameOf(index), ...restCommand(command) }));
}

/** The method that a command calls. */
export function methodOf(command: RoundCommand): string {
  return restCommand(command).method;
}

/** Under which name a plan's command travels. */
export function nameOf(index: number): string {
  return `c${index}`;
}

function restCommand(command: RoundCommand): { method: string; params: Readonly<Record<string, unknown>> } {
  switch (command.kind) {
    case 'scan':
      return listCommand({
        filter: {
          '>PROCESS_ID': command.after,
          ...(command.before === null ? {} : { '<PROCESS_ID': command.before }),
        },
        order: { ID: 'ASC' },
      });
    case 'adopt':
      return getCommand({
        processId: command.processId,
        clear: false,
        error: command.errored,
        limit: command.limit,
        ...(command.afterRowId === null ? {} : { filter: { '>ID': command.afterRowId } }),
        order: { ID: 'ASC' },
      });
    case 'adopt_by_list':
      return listCommand({
        filter: {
          '=PROCESS_ID': command.processId,
          ...(command.afterRowId === null ? {} : { '>ID': command.afterRowId }),
        },
        order: { ID: 'ASC' },
      });
    case 'verify':
      return getCommand({ processId: command.processId, clear: false, limit: WHOLE_BATCH });
    case 'reserve':
      return getCommand({ limit: command.limit, clear: false, order: { TIMESTAMP_X: 'ASC', ID: 'ASC' } });
    case 'fetch_error_rows':
      return getCommand({ limit: command.limit, clear: false, error: true });
    case 'fetch_error_row':
      return getCommand({
        limit: 1,
        clear: false,
        error: true,
        filter: { '=MESSAGE_ID': command.messageId },
      });
    case 'find_mark':
      return listCommand({ filter: { '=MESSAGE_ID': command.messageId }, order: { ID: 'ASC' } });
    case 'mark':
      return errorCommand({ processId: command.processId, messageIds: command.messageIds });
    case 'clear':
      return clearCommand({ processId: command.processId, ids: command.rowIds });
    case 'take':
      // By id, not by time: merges move times, and what was not listed must not be taken.
      return getCommand({
        limit: command.limit,
        clear: true,
        error: command.errored,
        filter: { '<=ID': command.lastRowId },
        order: { ID: 'ASC' },
      });
    case 'list':
      return listCommand({
        filter: { '=PROCESS_ID': '', '=ERROR': command.errored ? 1 : 0 },
        order: { ID: 'ASC' },
        start: command.start,
      });
    case 'count_left':
      return listCommand({ order: { ID: 'ASC' } });
    case 'check_features':
      return featureQuestion(RESERVATIONS);
    case 'check_bindings':
      return { method: 'event.get', params: {} };
    case 'check_installation':
      return installationQuestion();
    case 'check_reservations':
      return reservationsQuestion();
  }
}

/** What a portal answered to the checks of a round, unread; undefined where it was not asked or did not answer. */
export interface CheckAnswers {
  readonly features?: unknown;
  readonly bindings?: unknown;
  readonly installation?: unknown;
  readonly reservations?: unknown;
}

/** Reads what became of each command. `answeredAt` is Unix seconds by the portal. */
export function readResults(
  plan: RoundPlan,
  outcomes: ReadonlyMap<string, CommandOutcome>,
  answeredAt: number,
): { results: RoundCommandResult<PortalError>[]; checks: CheckAnswers } {
  const checks: { -readonly [Name in keyof CheckAnswers]: unknown } = {};
  const results = plan.commands.map((command, index): RoundCommandResult<PortalError> => {
    const outcome = outcomes.get(nameOf(index));
    if (outcome === undefined) {
      return { command, failed: true, failure: new UnreadableAnswer(command.kind, 'the answer lacks it') };
    }
    if (isFailed(outcome)) return { command, failed: true, failure: outcome.error };
    try {
      switch (command.kind) {
        case 'adopt':
        case 'verify':
        case 'reserve':
        case 'fetch_error_rows':
        case 'fetch_error_row':
        case 'take':
          return { command, failed: false, ...parseGetResult(outcome.result, answeredAt) };
        case 'scan':
        case 'find_mark':
        case 'adopt_by_list':
        case 'count_left':
        case 'list': {
          const rows = parseListResult(outcome.result, answeredAt);
          return { command, failed: false, rows, total: outcome.total ?? rows.length };
        }
        case 'check_features':
          checks.features = outcome.result;
          return { command, failed: false };
        case 'check_bindings':
          checks.bindings = outcome.result;
          return { command, failed: false };
        case 'check_installation':
          checks.installation = outcome.result;
          return { command, failed: false };
        case 'check_reservations':
          checks.reservations = outcome.result;
          return { command, failed: false };
        case 'mark':
        case 'clear':
          return { command, failed: false };
      }
    } catch (error) {
      if (!(error instanceof UnreadableAnswer)) throw error;
      return { command, failed: true, failure: error };
    }
  });
  return { results, checks };
}

/** Whether the command takes rows out of the portal's queue. */
export function takesRows({ kind }: RoundCommand): boolean {
  return ['reserve', 'fetch_error_rows', 'fetch_error_row', 'take'].includes(kind);
}

/** Whether the command asks about the portal, and the round does without its answer. */
export function isCheck({ kind }: RoundCommand): boolean {
  return kind.startsWith('check_');
}

/** Whether the command is one that only a portal with reservations grants. */
export function needsReservations({ kind }: RoundCommand): boolean {
  return ['reserve', 'fetch_error_rows', 'fetch_error_row', 'adopt', 'verify', 'check_reservations'].includes(
    kind,
  );
}

/** Whether the command reads as many events as the portal has, up to a limit. */
function reservesEvents({ kind }: RoundCommand): boolean {
  return ['reserve', 'fetch_error_rows', 'take', 'adopt'].includes(kind);
}

/** Whether the command may have changed what the portal holds, so that it must be read again before anything relies on it. */
export function leavesDoubt(command: RoundCommand): boolean {
  switch (command.kind) {
    case 'reserve':
    case 'fetch_error_rows':
    case 'fetch_error_row':
    case 'mark':
    case 'clear':
    case 'take':
      return true;
    case 'scan':
    case 'find_mark':
    case 'adopt':
    case 'adopt_by_list':
    case 'verify':
    case 'list':
    case 'count_left':
    case 'check_features':
    case 'check_bindings':
    case 'check_installation':
    case 'check_reservations':
      return false;
  }
}

/** Whether an answer with many events may have been what was too much. */
export function lostReservation(commands: RoundPlan['commands'], error: unknown): boolean {
  return error instanceof PortalError && error.executed === 'unknown' && commands.some(reservesEvents);
}
