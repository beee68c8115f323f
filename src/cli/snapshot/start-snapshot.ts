import { SnapshotRefused } from '../../events/snapshots/snapshot-desk.js';
import { SnapshotWordsUnclear } from '../../events/snapshots/snapshot-wanted.js';
import { wordsFor, type CommandContext } from '../command/command-context.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { describeSnapshot } from './describe-snapshot.js';

/** What the command was given. */
export interface StartOptions {
  readonly types: readonly string[];
  readonly filter?: readonly string[];
  readonly keys?: string;
}

/** Has all that there is of some types of objects read and published. */
export async function startSnapshot(
  context: CommandContext,
  word: string,
  { types, filter, keys }: StartOptions,
): Promise<CommandResult> {
  const portal = context.portal(word);
  try {
    const snapshot = await context.snapshots.start(
      portal,
      { types, filter, routingKey: keys },
      context.actor,
    );
    return {
      exitCode: 0,
      text: [
        `Snapshot ${snapshot.no} of ${wordsFor(portal)}: the running service begins within seconds.`,
        `How far it is: bitrix24-bridge snapshot status ${portal.name}`,
      ].join('\n'),
      json: { started: describeSnapshot(snapshot, portal.name) },
    };
  } catch (error) {
    throw asFailure(error);
  }
}

/** What people can mend is told to them; anything else stays what it is. */
export function asFailure(error: unknown): unknown {
  if (error instanceof SnapshotWordsUnclear) return new CommandFailed(error.message, 2);
  return error instanceof SnapshotRefused ? new CommandFailed(error.message) : error;
}
