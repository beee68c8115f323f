import { connectOnce, disconnect, NoBroker } from '../../broker/connect-once.js';
import { type QueueLook } from '../../broker/look-into.js';
import { withErrorListener } from '../../broker/amqp-handles.js';
import { ownerWords, readOwner } from '../../broker/prefix-owner.js';
import { topologyNames } from '../../broker/topology.js';
import { translate } from '../../i18n/translate.js';
import { reasonOf } from '../../logging/reason.js';
import { type RepublishableQueue, REPUBLISHABLE, Republishing } from '../../outcomes/republishing.js';
import { type Republished } from '../../outcomes/republished.js';
import { type CommandContext } from '../command/command-context.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { table } from '../command/table.js';

const BROKER_MS = 5000;

/** What lies in a queue, by routing key; leaves everything in its place. */
export async function lookIntoQueue(context: CommandContext, word: string): Promise<CommandResult> {
  const queue = queueOf(word);
  const look = await overBroker(context, (republishing) => republishing.look(queue));
  return { exitCode: 0, json: { queue, ...look }, text: lookText(look) };
}

/** Has events delivered again that lie in a queue of those that no consumer has processed. */
export async function republishQueue(
  context: CommandContext,
  word: string,
  { key = null, count }: { readonly key?: string | null; readonly count: number },
): Promise<CommandResult> {
  const queue = queueOf(word);
  const done = await overBroker(context, (republishing) =>
    republishing.republish(queue, { key, count }, context.actor),
  );
  return {
    exitCode: done.republished + done.obsolete > 0 ? 0 : 1,
    json: { queue, key, ...done },
    text: doneText(done),
  };
}

function queueOf(word: string): RepublishableQueue {
  const queue = REPUBLISHABLE.find((one) => one === word);
  if (queue === undefined)
    throw new CommandFailed(`the queue is ${REPUBLISHABLE.join(' or ')}, not ${word}`, 2);
  return queue;
}

async function overBroker<T>(
  context: CommandContext,
  work: (republishing: Republishing) => Promise<T>,
): Promise<T> {
  const { RABBITMQ_URL, AMQP_PREFIX, REPLY_MAX_BYTES } = context.settings;
  const names = topologyNames(AMQP_PREFIX);
  const connection = await connectOnce(RABBITMQ_URL, BROKER_MS).catch((error: unknown) => {
    throw error instanceof NoBroker ? new CommandFailed(error.message) : error;
  });
  const { model } = connection;
  try {
    const holder = await readOwner(model, names);
    const own = await context.identity();
    if (holder.state === 'held' && holder.owner?.id !== own.id) {
      const whose = ownerWords(holder.owner).in('en');
      throw new CommandFailed(
        `the prefix "${AMQP_PREFIX}" belongs to the database ${whose}: run this beside it`,
      );
    }
    return await work(
      new Republishing({
        openChannel: async () => withErrorListener(await model.createConfirmChannel()),
        ours: () => true,
        names,
        books: context.admin,
        installed: (memberId) => context.registry.get(memberId) !== undefined,
        // The service beside us finds within seconds what is due.
        due: () => undefined,
        maxBytes: REPLY_MAX_BYTES,
        audit: context.audit,
      }),
    );
  } catch (error) {
    throw error instanceof CommandFailed ? error : new CommandFailed(reasonOf(error));
  } finally {
    await disconnect(connection);
  }
}

function lookText({ keys, seen, there, worn }: QueueLook): string {
  if (keys.length === 0 && !worn) return translate('en', 'republish.empty');
  return [
    table(
      ['COUNT', 'ROUTING KEY'],
      keys.map(({ key, count }) => [String(count), key]),
    ),
    translate('en', 'republish.seen', { seen, there }),
    ...(worn ? [translate('en', 'republish.worn')] : []),
  ].join('\n');
}

function doneText({ republished, obsolete, left, cutShort }: Republished): string {
  const words = [translate('en', 'republish.done', { count: republished })];
  if (obsolete > 0) words.push(translate('en', 'republish.obsolete', { count: obsolete }));
  for (const because of ['unroutable', 'unconfirmed', 'unreadable', 'unknown_portal'] as const) {
    const count = left[because] ?? 0;
    if (count > 0) words.push(translate('en', `republish.left.${because}`, { count }));
  }
  if (cutShort) words.push(translate('en', 'republish.cutShort'));
  return words.join(' ');
}
