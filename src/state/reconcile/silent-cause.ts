import { type PortalState, RUNNING_STATES } from '../../database/schema.js';
import { type SilentCause } from '../../database/reconcile-schema.js';
import { type ReconciledPortal } from './reconcile-dependencies.js';

const CAUSES: Readonly<Partial<Record<PortalState, SilentCause>>> = {
  unfinished: 'unfinished',
  suspended: 'suspended',
  unlicensed: 'unlicensed',
  unauthorized: 'unauthorized',
  uninstalled: 'not_installed',
};

/** Why the portal may announce nothing at present, and since when; null where it does. */
export function silentNow(portal: ReconciledPortal): { cause: SilentCause; since: number } | null {
  const state = portal.state();
  const cause = state === null ? undefined : CAUSES[state];
  if (cause !== undefined) return { cause, since: portal.stateSince() };
  const paused = portal.pausedSince();
  return paused === null ? null : { cause: 'paused', since: paused };
}

/** States in which a portal's objects can be read. */
export function isReadable(portal: ReconciledPortal): boolean {
  const state = portal.state();
  return state !== null && RUNNING_STATES.has(state) && portal.pausedSince() === null;
}
