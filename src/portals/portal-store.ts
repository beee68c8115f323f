import { type Updateable } from 'kysely';
import { type Database } from '../database/database.js';
import { type PortalsTable } from '../database/schema.js';
import { SecretIndex } from '../logging/secret-index.js';
import { OwnWrites } from './own-writes.js';
import { type Portal, type PortalRow, readPortal } from './portal-record.js';
import { type TokenVault } from './token-vault.js';

const TOKENS = ['accessToken', 'refreshToken', 'applicationToken'] as const;
/**
 * As portals make them: a portal's owner can choose this one, and could choose a word that log lines consist of, or the
 * member id of another.
 */
const APPLICATION_TOKEN = /^[A-Za-z0-9]{32,}$/;

/** The portals' rows, and what is known of them in memory: written to the database first, then here. */
export class PortalStore {
  readonly own = new OwnWrites();
  private readonly known = new Map<string, Portal>();
  private readonly tokens = new SecretIndex();
  private readonly applicationTokens = new SecretIndex();

  constructor(
    readonly database: Database,
    readonly vault: TokenVault,
  ) {}

  list(): readonly Portal[] {
    return [...this.known.values()];
  }

  get(memberId: string): Portal | undefined {
    return this.known.get(memberId);
  }

  /** @throws Error for a portal that is not known */
  require(memberId: string): Portal {
    const portal = this.known.get(memberId);
    if (portal === undefined) throw new Error(`portal ${memberId} is not installed`);
    return portal;
  }

  /** Puts what the database has by now into memory. */
  remember(portal: Portal): void {
    const before = this.known.get(portal.memberId);
    this.known.set(portal.memberId, portal);
    if (before !== undefined && TOKENS.every((name) => before[name] === portal[name])) return;
    this.learnTokens(portal);
    if (before !== undefined) this.forgetTokens(before);
  }

  forget(memberId: string): void {
    const before = this.known.get(memberId);
    this.known.delete(memberId);
    if (before !== undefined) this.forgetTokens(before);
  }

  /** The portals' tokens that a text holds. */
  secretsIn(text: string): string[] {
    return [
      ...this.tokens.foundIn(text),
      ...this.applicationTokens.foundIn(text).filter((token) => !this.known.has(token)),
    ];
  }

  /** Puts all that the database has into memory, and nothing else. */
  replaceAll(portals: readonly Portal[]): void {
    this.known.clear();
    this.tokens.clear();
    this.applicationTokens.clear();
    for (const portal of portals) this.remember(portal);
  }

  /** Writes columns of a known portal, and the same into memory. */
  change(memberId: string, columns: Updateable<PortalsTable>, same: Partial<Portal>): Promise<void> {
    return this.own.during(memberId, async () => {
      await this.database.db.updateTable('portals').set(columns).where('member_id', '=', memberId).execute();
      this.remember({ ...this.require(memberId), ...same });
    });
  }

  private learnTokens({ accessToken, refreshToken, applicationToken }: Portal): void {
    this.tokens.add(accessToken);
    this.tokens.add(refreshToken);
    if (applicationToken !== null && APPLICATION_TOKEN.test(applicationToken))
      this.applicationTokens.add(applicationToken);
  }

  private forgetTokens({ accessToken, refreshToken, applicationToken }: Portal): void {
    this.tokens.remove(accessToken);
    this.tokens.remove(refreshToken);
    if (applicationToken !== null) this.applicationTokens.remove(applicationToken);
  }

  rowOf(memberId: string): Promise<PortalRow | undefined> {
    return this.database.db
      .selectFrom('portals')
      .selectAll()
      .where('member_id', '=', memberId)
      .executeTakeFirst();
  }

  /** A portal as the database has it now: its tokens may have been renewed by another process. */
  async current(memberId: string): Promise<Portal | undefined> {
    const row = await this.rowOf(memberId);
    return row === undefined ? undefined : readPortal(this.vault, row);
  }
}
