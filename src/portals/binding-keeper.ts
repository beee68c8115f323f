import { type BatchCommand, type CommandOutcome, isFailed } from '../bitrix24/batch.js';
import { type Log } from '../log.js';
import { type BindingChanges, parseBindings, reconcileBindings, type WantedBindings } from './bindings.js';

/** Sends commands to the portal as one request. */
export interface BindingClient {
  batch(commands: readonly BatchCommand[]): Promise<{ results: ReadonlyMap<string, CommandOutcome> }>;
}

/** Commands of one batch request. */
const MAX_COMMANDS = 50;
/** A portal POSTs at most one notification in this many seconds. */
export const NOTIFICATION_MIN_SECONDS = 1;

/** What became of a portal's bindings. */
export interface BindingsMended {
  /** All of them are as the settings say now. */
  readonly complete: boolean;
  /** Whether the portal notifies us of new events: no, as before, or from now on. */
  readonly notifies: 'no' | 'yes' | 'anew';
}

/**
 * Keeps a portal's bindings as the settings say, given what `event.get` answered. An event that the portal refuses
 * is reported by name and holds nothing else back.
 * @throws {PortalError} when the request as a whole failed
 */
export async function mendBindings(
  client: BindingClient,
  bound: unknown,
  wanted: WantedBindings,
  portal: string,
  log: Log,
): Promise<BindingsMended> {
  const changes = reconcileBindings(parseBindings(bound), wanted);
  const commands = commandsFor(changes);
  let complete = true;
  let notifies: BindingsMended['notifies'] = changes.bindNotification === null ? 'yes' : 'anew';
  if (wanted.notificationHandler === null) notifies = 'no';
  for (let start = 0; start < commands.length; start += MAX_COMMANDS) {
    const part = commands.slice(start, start + MAX_COMMANDS);
    const { results } = await client.batch(part);
    for (const command of part) {
      const outcome = results.get(command.name);
      const refused = outcome !== undefined && isFailed(outcome) ? outcome.error : null;
      // Bound already, by a request whose answer was lost: that is what was wanted.
      if (refused !== null && /already binded/i.test(refused.description)) continue;
      const { event, handler } = command.params;
      const fields = {
        portal,
        code: String(event),
        method: command.method,
        ...(typeof handler === 'string' ? { handler } : {}),
      };
      if (refused === null) log.info({ event: 'bindings.changed', ...fields });
      else {
        complete = false;
        if (event === 'ONOFFLINEEVENT' && command.method === 'event.bind') notifies = 'no';
        log.error({
          event: 'bindings.refused',
          ...fields,
          reason: refused.message,
          ...(command.method === 'event.bind'
            ? { advice: `nothing arrives for ${String(event)} meanwhile` }
            : {}),
        });
      }
    }
  }
  return { complete, notifies };
}

function commandsFor(changes: BindingChanges): BatchCommand[] {
  const commands: BatchCommand[] = [];
  const add = (method: string, params: BatchCommand['params']) =>
    commands.push({ name: `b${commands.length}`, method, params });
  for (const event of changes.bind) add('event.bind', { event, event_type: 'offline' });
  for (const event of changes.unbind) add('event.unbind', { event, event_type: 'offline' });
  if (changes.bindNotification !== null) {
    add('event.bind', {
      event: 'ONOFFLINEEVENT',
      handler: changes.bindNotification,
      options: { minTimeout: NOTIFICATION_MIN_SECONDS },
    });
  }
  if (changes.unbindNotification !== null) {
    add('event.unbind', { event: 'ONOFFLINEEVENT', handler: changes.unbindNotification });
  }
  return commands;
}
