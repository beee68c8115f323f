import { type PortalError } from '../bitrix24/errors.js';
import { type RoundOutcome } from './apply.js';
import { type Notifies } from './idle-pace.js';
import { type LoopDependencies } from './loop-dependencies.js';
import { throttledUntil } from './pacing.js';
import { doubtOf, type RoundCommand } from './plan.js';
import { type RestingMethods } from './resting.js';
import { distrust, type RoundMemory } from './round-memory.js';
import { leavesDoubt, methodOf } from './round-request.js';
import { isReservations, type Setbacks } from './setbacks.js';

/** What an answer told about the portal itself, beside its events. */
export interface PortalNews {
  /** A command failed: how long to pause, ms; null where none asks for it. */
  readonly pauseMs: number | null;
  /** Null where the bindings were not looked at. */
  readonly notifies: Notifies | null;
}

/**
 * Follows what an answer says of the portal: refused commands, its plan's features, its bindings. Changes the
 * portal's file, what the loop remembers and which methods rest.
 * @throws {PortalError} where mending the bindings failed, and what the portal's file throws
 */
export async function followNews(
  deps: Pick<LoopDependencies, 'portal' | 'log'>,
  state: { memory: RoundMemory; resting: RestingMethods; setbacks: Setbacks },
  failures: RoundOutcome<PortalError>['failures'],
  answer: { features: unknown; bindings: unknown },
  now: () => number,
): Promise<PortalNews> {
  const { portal, log } = deps;
  const { memory, resting, setbacks } = state;
  let pauseMs: number | null = null;
  const doubtful: RoundCommand[] = [];
  let healthy = true;
  try {
    for (const { command, failure } of failures) {
      log.warn({
        event: 'round.command_failed',
        portal: portal.name,
        command: command.kind,
        reason: failure.message,
      });
      if (failure.action === 'unlicensed' && isReservations(failure)) {
        await portal.setExtended(false);
        pauseMs = Math.max(pauseMs ?? 0, 1000);
        continue;
      }
      if (failure.action === 'throttle') {
        resting.rest(methodOf(command), throttledUntil(failure, now()));
        continue;
      }
      // Without its answer the bindings stay as they were; it is asked again next time.
      if (command.kind === 'check_bindings') continue;
      if (failure.executed === 'unknown' && leavesDoubt(command)) doubtful.push(command);
      const { state: next, reason, pauseMs: after } = setbacks.count(failure);
      pauseMs = Math.max(pauseMs ?? 0, after);
      // One refused command is no reason to stop the portal: the others worked.
      if (next !== 'active' && failure.action !== 'bug') {
        healthy = false;
        await portal.setState(next, reason);
      }
    }
    if (answer.features !== undefined) await learnFeatures(deps, answer.features);
    let notifies: Notifies | null = null;
    if (answer.bindings !== undefined) {
      memory.checkedAt = now();
      notifies = await portal.mendBindings(answer.bindings);
    }
    if (healthy) await portal.setState('active', null);
    return { pauseMs, notifies };
  } finally {
    if (doubtful.length > 0) distrust(memory, now(), doubtOf(doubtful));
  }
}

async function learnFeatures(
  { portal, log }: Pick<LoopDependencies, 'portal' | 'log'>,
  features: unknown,
): Promise<void> {
  const value =
    typeof features === 'object' && features !== null && 'value' in features ? features.value : null;
  const extended = value === 'Y' || value === true;
  if (portal.extended() === extended) return;
  await portal.setExtended(extended);
  log.info({ event: 'portal.plan', portal: portal.name, reservations: extended });
}
