import { type PortalError } from '../../bitrix24/errors.js';
import { saysInstalled } from '../../bitrix24/portal-facts.js';
import { type RoundOutcome } from '../round/round-outcome.js';
import { type Notifies } from '../pacing/idle-pace.js';
import { type LoopDependencies, type RoundCalls } from './loop-dependencies.js';
import { throttledUntil } from '../pacing/pacing.js';
import { concernsMarks } from '../round/marking.js';
import { CHECK_EVERY_MS } from '../round/checks.js';
import { type RoundCommand } from '../round/round-command.js';
import { type ThrottledMethods } from '../pacing/throttled-methods.js';
import { scanAgain, type RoundMemory } from '../round/round-memory.js';
import { learnReservations } from '../round/reservations.js';
import {
  type CheckAnswers,
  isCheck,
  leavesDoubt,
  methodOf,
  needsReservations,
  takesRows,
} from '../round/round-request.js';
import { drainedInTrouble, type Backoff } from './backoff.js';

/** Why a portal is `unmarkable`, where its own words are not known any more. */
const UNMARKABLE = 'event.offline.error failed again and again';
/** Why a portal is `unfinished`. */
const UNFINISHED = "the application's installation is not finished (app.info says INSTALLED: false)";

/** A binding that the portal refused for a cause that may pass is tried again after this long. */
const RETRY_BINDINGS_MS = 30_000;

/** When bindings of which something is missing count as checked, Unix ms. */
const CHECKED_AT = {
  nothing: (now: number) => now,
  passing: (now: number) => now - CHECK_EVERY_MS + RETRY_BINDINGS_MS,
  feature: () => Number.NEGATIVE_INFINITY,
} as const;

/** What an answer told about the portal itself, beside its events. */
export interface AnswerFollowed {
  /** A command failed: how long to pause, ms; null where none asks for it. */
  readonly pauseMs: number | null;
  /** Null where the bindings were not checked. */
  readonly notifies: Notifies | null;
}

/**
 * Follows what an answer says of the portal: refused commands, its plan's features, its bindings. Changes the
 * portal's registration, what the loop remembers and which methods are throttled.
 * @throws {PortalError} where mending the bindings failed, and the database's error
 */
export async function followAnswer(
  deps: Pick<LoopDependencies, 'portal' | 'log'>,
  state: { memory: RoundMemory; throttledMethods: ThrottledMethods; backoff: Backoff },
  failures: RoundOutcome<PortalError>['failures'],
  checks: CheckAnswers,
  calls: RoundCalls,
  now: () => number,
): Promise<AnswerFollowed> {
  const { portal, log } = deps;
  const { memory, throttledMethods, backoff } = state;
  let pauseMs: number | null = null;
  let takenInDoubt = false;
  let healthy = true;
  try {
    for (const { command, failure } of failures) {
      // Without the answer to a check everything stays as it was; it is asked again next time.
      const known = isCheck(command) && command.kind !== 'check_bindings';
      log[known ? 'debug' : 'warn']({
        event: 'round.command_failed',
        portal: portal.name,
        command: command.kind,
        reason: failure.message,
      });
      if (failure.action === 'throttle') {
        throttledMethods.throttle(methodOf(command), throttledUntil(failure, now()));
        continue;
      }
      if (isCheck(command)) continue;
      if (failure.action === 'unlicensed' && needsReservations(command)) {
        memory.reservationsRefusedAt = now();
        await setReservations(deps, false, failure.message);
        pauseMs = Math.max(pauseMs ?? 0, 1000);
        continue;
      }
      if (failure.executed === 'unknown') {
        takenInDoubt ||= takesRows(command);
        // A batch that was read in this round may hold less by now.
        if (leavesDoubt(command)) memory.contentsSeen.clear();
      }
      // Marks have a time of their own, and nothing else waits for them.
      if (concernsMarks(command)) continue;
      if (failure.action === 'unlicensed') memory.checkedAt = Number.NEGATIVE_INFINITY;
      const { state: next, reason, pauseMs: after } = backoff.count(failure);
      pauseMs = Math.max(pauseMs ?? 0, after);
      // One refused command is no reason to stop the portal: the others worked.
      const troubled = next !== 'active' || (reason !== null && !drainedInTrouble(portal.state()));
      if (troubled && failure.action !== 'bug') {
        healthy = false;
        await portal.setState(next, reason);
      }
    }
    await followChecks(deps, memory, failures, checks, now());
    let notifies: Notifies | null = null;
    if (checks.bindings !== undefined) {
      const seen = await portal.mendBindings(checks.bindings, calls);
      notifies = seen.notifies;
      // What was refused is tried again with the next round after the plan has gained the feature, or soon.
      memory.checkedAt = CHECKED_AT[seen.missing ?? 'nothing'](now());
    }
    if (healthy) await tellState(deps, memory);
    return { pauseMs, notifies };
  } finally {
    if (takenInDoubt) scanAgain(memory);
  }
}

/** What the portal answered of its plan and of the application. */
async function followChecks(
  deps: Pick<LoopDependencies, 'portal' | 'log'>,
  memory: RoundMemory,
  failures: RoundOutcome<PortalError>['failures'],
  checks: CheckAnswers,
  now: number,
): Promise<void> {
  const failed = (kind: RoundCommand['kind']) =>
    failures.find(({ command }) => command.kind === kind)?.failure;
  const unreserved = failed('check_reservations');
  if (unreserved !== undefined || checks.features !== undefined || checks.reservations !== undefined) {
    const refused = unreserved?.action === 'unlicensed';
    // A portal that tells the difference is believed from now on.
    if (refused) memory.reservationsRefusedAt = Number.NEGATIVE_INFINITY;
    const known = deps.portal.extended();
    const learned = learnReservations(known, checks, refused, memory.reservationsRefusedAt, now);
    if (learned !== null) await setReservations(deps, learned, unreserved?.message ?? null);
  }
  if (checks.installation !== undefined) memory.installed = saysInstalled(checks.installation);
  else {
    const unsaid = failed('check_installation');
    // A portal that does not tell is like any other; one that had no time to answer is asked again.
    if (unsaid !== undefined && unsaid.executed === 'no' && unsaid.action !== 'throttle')
      memory.installed = true;
  }
}

async function setReservations(
  { portal, log }: Pick<LoopDependencies, 'portal' | 'log'>,
  reservations: boolean,
  reason: string | null,
): Promise<void> {
  if (portal.extended() === reservations) return;
  await portal.setExtended(reservations);
  log.info({
    event: 'portal.plan',
    portal: portal.name,
    reservations,
    ...(reservations || reason === null ? {} : { reason }),
  });
}

/** The state of a portal that answers. */
async function tellState({ portal }: Pick<LoopDependencies, 'portal'>, memory: RoundMemory): Promise<void> {
  const unfinished =
    memory.installed === false || (memory.installed === null && portal.state() === 'unfinished');
  if (unfinished) await portal.setState('unfinished', UNFINISHED);
  else if (portal.marksFailingSince() !== null) {
    // What it answered before a restart is its reason still.
    const { reason } = memory.marking;
    if (reason === null && portal.state() === 'unmarkable') return;
    await portal.setState('unmarkable', reason ?? UNMARKABLE);
  } else await portal.setState('active', null);
}
