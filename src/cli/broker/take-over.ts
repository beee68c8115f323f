import { setTimeout as pause } from 'node:timers/promises';
import { onThrowAway } from '../../broker/amqp-handles.js';
import { connectOnce, disconnect, NoBroker, type QuickConnection } from '../../broker/connect-once.js';
import { HANDOVER_MS } from '../../broker/prefix-guard.js';
import { ownerWords, PrefixTaken, readOwner, takeOverPrefix } from '../../broker/prefix-owner.js';
import { TopologyConflict, topologyNames } from '../../broker/topology.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { reasonOf } from '../../logging/reason.js';
import { confirmed, type Terminal } from '../command/terminal.js';
import { type CommandContext } from '../command/command-context.js';

const BROKER_MS = 5000;

/** Makes the prefix this database's; a bridge on the former one stops within seconds, if it still runs. */
export async function takeOver(
  context: CommandContext,
  terminal: Terminal,
  yes: boolean,
): Promise<CommandResult> {
  const { RABBITMQ_URL, AMQP_PREFIX } = context.settings;
  const own = await context.identity();
  let connection: QuickConnection | null = null;
  try {
    connection = await connectOnce(RABBITMQ_URL, BROKER_MS);
    const { model } = connection;
    const names = topologyNames(AMQP_PREFIX);
    const holder = await readOwner(model, names);
    const former = holder.state === 'held' ? holder.owner : null;
    if (former?.id === own.id) return done(AMQP_PREFIX, own.id, null, "is this database's already");
    if (holder.state === 'held') {
      const readers = await onThrowAway(model, (channel) => channel.checkQueue(names.replies)).then(
        ({ consumerCount }) => consumerCount,
        () => 0,
      );
      terminal.say(
        `The prefix "${AMQP_PREFIX}" belongs to the database ${ownerWords(former).in('en')}; ` +
          (readers > 0
            ? `${readers} of its processes read the replies now.`
            : 'its replies are not read now.'),
      );
      terminal.say(
        'Its bridge stops reserving, publishing and reading once it is no longer the owner, and replies to its events come here.',
      );
      if (
        !yes &&
        !(await confirmed(terminal, `Take it over for this database (${ownerWords(own).in('en')})?`))
      ) {
        throw new CommandFailed('not confirmed; nothing was taken over');
      }
    }
    await takeOverPrefix(model, names, own);
    await context.audit.record({
      actor: context.actor,
      action: 'prefix_taken_over',
      target: AMQP_PREFIX,
      detail: former === null ? undefined : `from the database ${ownerWords(former).in('en')}`,
    });
    // By then the former owner has noticed.
    if (holder.state === 'held') await pause(HANDOVER_MS);
    return done(AMQP_PREFIX, own.id, former?.id ?? null, "is this database's now");
  } catch (error) {
    if (error instanceof NoBroker || error instanceof TopologyConflict)
      throw new CommandFailed(error.message);
    if (error instanceof PrefixTaken) {
      throw new CommandFailed(`the prefix "${AMQP_PREFIX}" could not be taken over: ${error.holder}`);
    }
    throw error instanceof CommandFailed ? error : new CommandFailed(reasonOf(error));
  } finally {
    if (connection !== null) await disconnect(connection);
  }
}

function done(prefix: string, id: string, former: string | null, what: string): CommandResult {
  return {
    exitCode: 0,
    text: `the prefix "${prefix}" ${what} (${id}); its service goes on by itself`,
    json: { prefix, owner: id, formerOwner: former },
  };
}
