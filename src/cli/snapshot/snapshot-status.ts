import { type CommandContext } from '../command/command-context.js';
import { type CommandResult } from '../command/command-result.js';
import { describeSnapshot, snapshotText } from './describe-snapshot.js';

/** How far snapshots are: those of one portal, or of all, the latest first. */
export async function snapshotStatus(
  context: CommandContext,
  word: string | undefined,
): Promise<CommandResult> {
  const snapshots = await context.snapshots.list(
    word === undefined ? undefined : context.portal(word).memberId,
  );
  const nameOf = (memberId: string) => context.registry.get(memberId)?.name ?? memberId;
  return {
    exitCode: snapshots[0]?.state === 'failed' ? 1 : 0,
    text:
      snapshots.length === 0
        ? 'There is no snapshot.'
        : snapshots.map((snapshot) => snapshotText(snapshot, nameOf(snapshot.memberId))).join('\n'),
    json: {
      snapshots: snapshots.map((snapshot) => describeSnapshot(snapshot, nameOf(snapshot.memberId))),
    },
  };
}
