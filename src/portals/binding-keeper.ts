import { type BatchCommand, type CommandOutcome, isFailed } from '../bitrix24/batch.js';
import { type Log } from '../logging/log.js';
import { type PortalError } from '../bitrix24/errors.js';
import {
  type Binding,
  type BindingChanges,
  formerBindings,
  parseBindings,
  reconcileBindings,
  type WantedBindings,
} from './bindings.js';

/** Sends commands to the portal as one request. */
interface BindingClient {
  batch(commands: readonly BatchCommand[]): Promise<{ results: ReadonlyMap<string, CommandOutcome> }>;
}

/** Commands of one batch request. */
const MAX_COMMANDS = 50;
/** Bindings taken away at one time. */
const MOST_UNBOUND = 100;
/** A portal POSTs at most one notification in this many seconds. */
export const NOTIFICATION_MIN_SECONDS = 1;

/** What became of a portal's bindings. */
export interface BindingsMended {
  /** All of them are as the settings say now. */
  readonly complete: boolean;
  /** Why something is missing: the plan lacks a feature, or a cause that may pass; null where nothing is, or for good. */
  readonly missing: 'feature' | 'passing' | null;
  /** Whether the portal notifies us of new events: no, as before, or from now on. */
  readonly notifies: 'no' | 'yes' | 'anew';
  /** An event that is wanted was not bound. */
  readonly wereMissing: boolean;
  /** Events that are bound as offline events under our source key now. */
  readonly bound: ReadonlySet<string>;
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
  const before = parseBindings(bound);
  const all = reconcileBindings(before, wanted);
  // A portal that tells of thousands is not worth as many requests; the rest follows.
  const changes = { ...all, unbind: all.unbind.slice(0, MOST_UNBOUND) };
  const commands = commandsFor(changes);
  const boundNow = new Set([...offlineEvents(before, wanted.connectorId), ...changes.bind]);
  let complete = changes.unbind.length === all.unbind.length;
  let missing: BindingsMended['missing'] = complete ? null : 'passing';
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
        missing = worse(missing, refused);
        if (command.method === 'event.bind') boundNow.delete(String(event));
        if (event === 'ONOFFLINEEVENT' && command.method === 'event.bind') notifies = 'no';
        log.error({
          event: 'bindings.refused',
          ...fields,
          reason: refused.message,
          ...(command.method === 'event.bind' ? { advice: adviceFor(String(event), refused) } : {}),
        });
      }
    }
  }
  return { complete, missing, notifies, wereMissing: all.bind.length > 0, bound: boundNow };
}

/**
 * Takes away what is bound under a source key that the portal had before.
 * @param client calls under that key
 * @param bound what `event.get` answered
 * @param boundNow offline events bound under the present key
 * @returns whether nothing is bound under it any more
 * @throws {PortalError} when the request as a whole failed
 */
export async function unbindFormer(
  client: BindingClient,
  bound: unknown,
  { key, events, boundNow }: { key: string; events: readonly string[]; boundNow: ReadonlySet<string> },
  portal: string,
  log: Log,
): Promise<boolean> {
  const { unbind, keep } = formerBindings(parseBindings(bound), key, events, boundNow);
  let all = keep.length === 0;
  for (let start = 0; start < unbind.length; start += MAX_COMMANDS) {
    const part = unbind.slice(start, start + MAX_COMMANDS);
    const commands = part.map((event, index) => ({
      name: `u${index}`,
      method: 'event.unbind',
      params: { event, event_type: 'offline' },
    }));
    const { results } = await client.batch(commands);
    for (const { name, method, params } of commands) {
      const outcome = results.get(name);
      const fields = { portal, code: params.event, method, sourceKey: key };
      if (outcome === undefined || isFailed(outcome)) {
        all = false;
        log.error({
          event: 'bindings.refused',
          ...fields,
          reason: outcome?.error.message ?? 'the answer lacks it',
        });
      } else log.info({ event: 'bindings.changed', ...fields });
    }
  }
  return all;
}

function offlineEvents(bound: readonly Binding[], key: string): string[] {
  return bound.filter((entry) => entry.offline && entry.connectorId === key).map(({ event }) => event);
}

/** What a refused binding means, and what helps. */
function adviceFor(event: string, refused: PortalError): string {
  if (event !== 'ONOFFLINEEVENT') return `nothing arrives for ${event} meanwhile`;
  const polled = 'the portal does not notify us and is polled meanwhile';
  return /HANDLER_URL|UNSUPPORTED_PROTOCOL/.test(refused.code)
    ? `${polled}: PUBLIC_URL must be an address that portals take, http or https with a dot in its host's name`
    : polled;
}

/** An event that the portal does not know is none the next time either. */
function worse(missing: BindingsMended['missing'], error: PortalError): BindingsMended['missing'] {
  if (missing === 'feature' || error.action === 'unlicensed') return 'feature';
  return error.action === 'bug' ? missing : 'passing';
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
