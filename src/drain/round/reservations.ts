import { saysFeature } from '../../bitrix24/portal-facts.js';
import { type CheckAnswers } from './round-request.js';

/** What a portal that has refused to reserve says to the contrary is not believed for so long. */
const BELIEVED_AGAIN_MS = 3_600_000;

/**
 * Whether the portal reserves for us, by what it answered to the checks: the call decides, and what it says of its
 * plan counts only where the call has told nothing. Pure.
 * @param known what was known before; null: nothing
 * @param refused it refused the call that asks
 * @param refusedAt when it last refused to reserve although it had let us ask, Unix ms
 * @returns null where nothing new is known
 */
export function learnReservations(
  known: boolean | null,
  { features, reservations }: CheckAnswers,
  refused: boolean,
  refusedAt: number,
  now: number,
): boolean | null {
  if (refused) return false;
  switch (known) {
    case true:
      // A reserving call tells sooner and better when it is over.
      return null;
    case null:
      // Reserving shows it.
      return true;
    case false: {
      const said = saysFeature(features);
      const granted = reservations !== undefined || said === 'yes' || said === 'self-hosted';
      const doubtful = refusedAt <= now && now - refusedAt < BELIEVED_AGAIN_MS;
      return granted && !doubtful ? true : null;
    }
  }
}
