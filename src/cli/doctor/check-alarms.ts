import { type ChannelModel } from 'amqplib';
import { blockedFault } from '../../broker/connection-fault.js';
import { type Finding, wrong } from '../command/findings.js';

/** A broker that takes no messages says so within moments of being sent one. */
const SAYS_SO_WITHIN_MS = 700;

/**
 * Whether the broker takes messages at present: it tells of an alarm (memory, disk) only those who publish, so one message
 * is sent that goes nowhere. On a connection of its own, as nothing is read from one that is blocked. Null where all is
 * well.
 */
export async function checkAlarms(model: ChannelModel, prefix: string): Promise<Finding | null> {
  const blocked = new Promise<string | null>((resolve) => {
    model.once('blocked', (reason: unknown) => resolve(String(reason)));
    setTimeout(() => resolve(null), SAYS_SO_WITHIN_MS);
  });
  const channel = await model.createChannel();
  // The user may not be allowed to write there; that is another finding's to say.
  channel.on('error', () => undefined);
  channel.publish('', `${prefix}.doctor.nowhere`, Buffer.alloc(0));
  const reason = await blocked;
  return reason === null ? null : wrong('alarm', blockedFault(reason));
}
