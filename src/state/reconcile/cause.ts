import { type MissedCause } from '../../database/reconcile-schema.js';
import { type SilentSpell } from './memory/silent-spells.js';

/** Changes are known to the second, and the portal's clock to about as much. */
const UNSURE_MS = 5_000;

/** What the cause of a missed change is told from; times by our clock, Unix milliseconds. */
export interface CauseFacts {
  readonly changedFrom: number;
  /** The same as `changedFrom`, unless it is not known when it was changed. */
  readonly changedTo: number;
  readonly spells: readonly SilentSpell[];
  /** When the application was installed. */
  readonly installedAt: number;
  /** Who changed the object last, and for whom the application acts; null where that is not known. */
  readonly updatedBy: string | null;
  readonly ownUser: string | null;
  /** When another program was last seen to reserve the portal's events; null where none was. */
  readonly sharedSeenAt: number | null;
}

const DAY_MS = 86_400_000;

/** Why no event has announced a change, as likely as that can be told. Pure. */
export function likelyCause(facts: CauseFacts): MissedCause {
  const { changedFrom, changedTo, spells, installedAt, updatedBy, ownUser, sharedSeenAt } = facts;
  const during = spells.findLast(
    ({ since, until }) =>
      changedTo >= since - UNSURE_MS && (until === null || changedFrom <= until + UNSURE_MS),
  );
  if (during !== undefined) return during.cause;
  if (changedTo < installedAt) return 'not_installed';
  // Without a source key the portal announces nothing of what the application itself writes.
  if (ownUser !== null && updatedBy === ownUser) return 'own_write';
  if (sharedSeenAt !== null && changedFrom <= sharedSeenAt + DAY_MS) return 'shared_queue';
  return 'unknown';
}
