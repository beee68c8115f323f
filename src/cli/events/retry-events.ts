import { RETRYABLE } from '../../ledger/retry-now.js';
import { type CommandResult } from '../command-result.js';
import { type Workbench } from '../workbench.js';
import { countsText, type EventOptions, selectEvents } from './select-events.js';

/** Makes events due now; a dead one begins a new series of attempts. */
export async function retryEvents(
  bench: Workbench,
  ids: readonly string[],
  options: EventOptions,
): Promise<CommandResult> {
  const { seqs, words } = await selectEvents(bench, ids, options, RETRYABLE, RETRYABLE);
  const done = await bench.admin.retryNow(seqs);
  const { renewed, due, fetched, left } = done;
  const lines = [`${renewed + due + fetched} due now of ${seqs.length}: ${words}`];
  if (renewed > 0) {
    lines.push(`${renewed} begin a new series of ${bench.settings.RETRY_MAX_ATTEMPTS} attempts`);
  }
  if (fetched > 0) lines.push(`${fetched} are marked on the portal: the next round fetches them first`);
  if (left.failed !== undefined) {
    lines.push(
      `${left.failed} are about to be marked on the portal, and are retried after that by themselves`,
    );
  }
  const { failed: _failed, ...others } = left;
  if (Object.keys(others).length > 0) lines.push(`left alone: ${countsText(others)}`);
  return {
    exitCode: renewed + due + fetched > 0 ? 0 : 1,
    text: lines.join('\n'),
    json: { matched: seqs.length, renewed, due, fetched, left },
  };
}
