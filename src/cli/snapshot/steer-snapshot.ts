import { type Steering } from '../../ledger/snapshots/steer-snapshot.js';
import { type CommandContext } from '../command/command-context.js';
import { type CommandResult } from '../command/command-result.js';
import { describeSnapshot, snapshotText } from './describe-snapshot.js';
import { asFailure } from './start-snapshot.js';

/** Pauses, resumes or cancels a portal's last snapshot. */
export async function steerSnapshot(
  context: CommandContext,
  word: string,
  steering: Steering,
): Promise<CommandResult> {
  const portal = context.portal(word);
  try {
    const snapshot = await context.snapshots.steer(portal, steering, context.actor);
    return {
      exitCode: 0,
      text: snapshotText(snapshot, portal.name),
      json: { [steering]: describeSnapshot(snapshot, portal.name) },
    };
  } catch (error) {
    throw asFailure(error);
  }
}
