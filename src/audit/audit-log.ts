import { type Kysely } from 'kysely';
import { type Schema } from '../database/schema.js';
import { type Actor } from './actor.js';

/** What people and portals do that has to be known later. */
export const AUDIT_ACTIONS = [
  'retried',
  'discarded',
  'republished',
  'paused',
  'resumed',
  'woken',
  'reconcile_asked',
  'installed',
  'uninstalled',
  'renamed',
  'settings_changed',
  'prefix_taken_over',
  'snapshot_started',
  'snapshot_paused',
  'snapshot_resumed',
  'snapshot_cancelled',
  'logged_in',
  'log_in_refused',
  'logged_out',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** One action of one actor. */
export interface AuditEntry {
  readonly actor: Actor;
  readonly action: AuditAction;
  /** Member id of the portal that it concerns; left out where it concerns none, or no single one. */
  readonly portal?: string | undefined;
  /** What it was done to, for people: an event's id, a portal's name, a filter. At most 500 characters are kept. */
  readonly target: string;
  /** How many of them; left out where that says nothing. */
  readonly count?: number | undefined;
  /** What else explains it, at most 2000 characters. */
  readonly detail?: string | undefined;
  /** Unix ms; now where it is left out. */
  readonly at?: number | undefined;
}

/** An action that is carried out in several transactions, portal by portal. */
export interface AuditTrail {
  /**
   * Writes down, in the transaction that does it, that so many more were done for a portal. Never rejects: an action is
   * not undone because it could not be written down.
   */
  inside(tx: Kysely<Schema>, memberId: string, count: number): Promise<void>;
  /** That transaction is committed. */
  committed(memberId: string, count: number): void;
  /** Writes the log lines of what was committed. To be called once, also where a later part has failed. */
  told(): void;
}

/**
 * Who did what, for those who ask later: a row in the table `audit` and a log line `audit.recorded` each. Nothing here
 * rejects: what cannot be written down is said in the log (`audit.not_written`), with everything that is known of it.
 */
export abstract class AuditLog {
  /** Resolves when it is written down, or said in the log that it could not be. */
  abstract record(entry: AuditEntry): Promise<void>;

  /**
   * The same for what may happen very often (log-ins that are refused, portals that are woken): the same action of the
   * same actor within an hour is one entry, which counts, and so is what too many different actors do.
   */
  abstract recordOften(entry: AuditEntry): Promise<void>;

  /** For an action that writes by itself. */
  abstract trail(entry: Omit<AuditEntry, 'portal' | 'count'>): AuditTrail;
}
