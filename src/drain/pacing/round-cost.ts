import { type BatchAnswer } from '../../bitrix24/portal-call.js';
import { type RoundCommandResult } from '../round/round-command-result.js';
import { type Cost } from './batch-size.js';
import { type ExecutionTime } from '../../bitrix24/execution-time.js';
import { methodOf, nameOf } from '../round/round-request.js';

/** The method whose execution time draining uses up. */
const RESERVING = 'event.offline.get';

/**
 * Reads what a round cost the portal: its reservation, null where nothing was reserved, and the method behind it. Where
 * rows are listed before they are taken, that is part of the cost.
 * @param tookSeconds of the whole request, which counts where the portal says nothing
 */
export function roundCost(
  results: readonly RoundCommandResult<unknown>[],
  times: BatchAnswer['times'],
  tookSeconds: number,
): { reservation: Cost | null; execution: ExecutionTime } {
  let reservation: Cost | null = null;
  let seconds = 0;
  let listing = 0;
  let operating: number | null = null;
  for (const [index, result] of results.entries()) {
    const { command } = result;
    const time = times.get(nameOf(index));
    if (command.kind === 'list') listing += time?.seconds ?? 0;
    if (methodOf(command) !== RESERVING) continue;
    seconds += time?.seconds ?? 0;
    operating = time?.operating ?? operating;
    if (result.failed || (command.kind !== 'reserve' && command.kind !== 'take')) continue;
    if (command.kind === 'take' && command.errored) continue;
    reservation = {
      asked: command.limit,
      events: result.events?.length ?? 0,
      seconds: time?.seconds ?? tookSeconds,
    };
  }
  if (reservation !== null) reservation = { ...reservation, seconds: reservation.seconds + listing };
  return { reservation, execution: { operating, seconds } };
}
