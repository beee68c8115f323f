import { within } from '../../timing/within.js';
import { type Session } from './sessions.js';

/** Where ends of sessions are written down for every process that shares the database. */
export interface EndedSessions {
  /** Resolves when it is stored. */
  add(id: string, expiresAt: number): Promise<void>;
  has(id: string): Promise<boolean>;
}

/** A page does not wait longer for the database. */
const DATABASE_MS = 3000;
const TRY_AGAIN_MS = 5000;
/** Sessions known to be alive; the oldest are forgotten first. */
const KEPT = 1000;

/**
 * Sessions that ended before their time: a log-out holds at every replica, and after a restart.
 *
 * The dashboard is wanted most while the database does not answer. So a session that this process
 * has found valid before goes on then; any other is refused until the database answers.
 */
export class SessionEnds {
  private readonly ended = new Map<string, number>();
  private readonly alive = new Set<string>();

  constructor(
    private readonly stored: EndedSessions,
    private readonly now: () => number = Date.now,
  ) {}

  /** A session that has just begun. */
  begun({ id }: Session): void {
    this.alive.add(id);
    for (const oldest of this.alive) {
      if (this.alive.size <= KEPT) break;
      this.alive.delete(oldest);
    }
  }

  /** @throws the database's error where it does not answer and this process does not know */
  async has(session: Session): Promise<boolean> {
    if (this.ended.has(session.id)) return true;
    try {
      if (await within(DATABASE_MS, this.stored.has(session.id))) {
        this.alive.delete(session.id);
        return true;
      }
    } catch (error) {
      if (this.alive.has(session.id)) return false;
      throw error;
    }
    // It may have ended meanwhile.
    if (this.ended.has(session.id)) return true;
    this.begun(session);
    return false;
  }

  /**
   * Ends a session: in this process at once, for the others when this resolves.
   * @throws the database's error; it is tried again for as long as the session would have lasted
   */
  async end(session: Session): Promise<void> {
    const now = this.now();
    for (const [id, expiresAt] of this.ended) if (expiresAt <= now) this.ended.delete(id);
    this.ended.set(session.id, session.expiresAt);
    this.alive.delete(session.id);
    try {
      await within(DATABASE_MS, this.stored.add(session.id, session.expiresAt));
    } catch (error) {
      this.tryAgain(session);
      throw error;
    }
  }

  private tryAgain(session: Session): void {
    if (session.expiresAt <= this.now()) return;
    setTimeout(() => {
      this.stored.add(session.id, session.expiresAt).catch(() => this.tryAgain(session));
    }, TRY_AGAIN_MS).unref();
  }
}
