import { addressText, domainOf, readAddress } from '../bitrix24/portal-address.js';
import { type Database } from '../database/database.js';
import { type PortalState } from '../database/schema.js';
import { portalMeant, portalsAt, portalsMeant } from './find-portal.js';
import { type Renaming } from './naming.js';
import { type Offer, resealOffers } from './offers.js';
import { NO_PINS, type PinnedNames } from './pinned-names.js';
import { type Installed, PortalInstall } from './portal-install.js';
import { type NamePortal, PortalNames } from './portal-names.js';
import { type PausedNow, PortalPause, type Resumed } from './portal-pause.js';
import { type GrantedTokens, type InstallRefused, type Portal, readPortal } from './portal-record.js';
import { type PortalChange, RegistryReread } from './registry-reread.js';
import { PortalStore } from './portal-store.js';
import { resealTokens, saveTokens } from './portal-tokens.js';
import { parseKeys, type SourceKeys, writeKeys } from './source-keys.js';
import { type TokenVault } from './token-vault.js';

/**
 * Who installed us. The database is the truth; what is read often is kept in memory and written through. Other
 * processes write there as well, and {@link refresh} finds what they did.
 */
export class PortalRegistry {
  private readonly store: PortalStore;
  private readonly names: PortalNames;
  private readonly installing: PortalInstall;
  private readonly rereading: RegistryReread;
  private readonly pausing: PortalPause;
  private isLoaded = false;

  constructor(
    database: Database,
    vault: TokenVault,
    namePortal: NamePortal,
    pins: PinnedNames = NO_PINS,
    private readonly now: () => number = Date.now,
  ) {
    this.store = new PortalStore(database, vault);
    this.names = new PortalNames(this.store, namePortal, pins);
    this.installing = new PortalInstall(this.store, this.names, now);
    this.rereading = new RegistryReread(this.store);
    this.pausing = new PortalPause(this.store, now);
  }

  /** Whether it knows who is installed: false until the database was read once. */
  get loaded(): boolean {
    return this.isLoaded;
  }

  /**
   * Reads every portal, and seals with the first key what was sealed with another one or not at all.
   * @throws {TokenVaultError} when the tokens were sealed with a key that is not set
   */
  async load(): Promise<readonly Portal[]> {
    const { database, vault } = this.store;
    const rows = await database.db.selectFrom('portals').selectAll().execute();
    const portals = rows.map((row) => readPortal(vault, row));
    for (const row of rows) await resealTokens(this.store, row);
    await resealOffers(database, vault);
    this.store.replaceAll(portals);
    this.isLoaded = true;
    return this.list();
  }

  /**
   * Reads what others have changed in the database since it was last read, and reports it.
   * @throws {TokenVaultError} when a changed portal's tokens were sealed with a key that is not set
   */
  refresh(): Promise<PortalChange[]> {
    return this.rereading.run();
  }

  /** Others may have changed something that was missed: the next {@link refresh} compares every portal. */
  doubt(): void {
    this.rereading.doubt();
  }

  list(): readonly Portal[] {
    return this.store.list();
  }

  /** The portals' tokens that a text holds: no log line may. */
  secretsIn(text: string): string[] {
    return this.store.secretsIn(text);
  }

  /** The name of a portal, by which people and routing keys know it; its member id where it is not registered. */
  nameOf(memberId: string): string {
    return this.get(memberId)?.name ?? memberId;
  }

  get(memberId: string): Portal | undefined {
    return this.store.get(memberId);
  }

  /** The portal of a name in routing keys. */
  byName(name: string): Portal | undefined {
    return this.list().find((portal) => portal.name === name);
  }

  /**
   * The portal that a person means by a name, an address or a member id.
   * @throws {SeveralPortals}
   */
  meant(word: string): Portal | undefined {
    return portalMeant(this.list(), word);
  }

  /** The portal at an address as one writes it; of several the one that is alive. */
  at(address: string): Portal | undefined {
    return portalsAt(this.list(), address)[0];
  }

  /** Member id of the portal that is meant, also of one that another process has just installed. */
  async memberIdOf(word: string): Promise<string | undefined> {
    if (this.get(word) !== undefined) return word;
    const known = portalsMeant(this.list(), word)[0]?.memberId;
    if (known !== undefined) return known;
    const given = readAddress(word.trim());
    const host = given === null ? null : { ...given, folder: '/' };
    const rows = await this.store.database.db
      .selectFrom('portals')
      .selectAll()
      .where((where) =>
        where.or([
          where('member_id', '=', word.trim()),
          where('name', '=', word.trim().toLowerCase()),
          // Stored without a port that is the scheme's own.
          ...(host === null
            ? []
            : [where('domain', 'in', [addressText(host), addressText({ ...host, port: null })])]),
        ]),
      )
      .execute();
    const portals = rows.map((row) => readPortal(this.store.vault, row));
    return portalsMeant(portals, word)[0]?.memberId;
  }

  /** A portal as the database has it now: its tokens may have been renewed by another process. */
  current(memberId: string): Promise<Portal | undefined> {
    return this.store.current(memberId);
  }

  /** See {@link PortalInstall.install}. */
  install(
    grant: GrantedTokens,
    applicationToken: string | null,
    offer: Offer | null = null,
  ): Promise<Installed> {
    return this.installing.install(grant, applicationToken, offer);
  }

  /** See {@link PortalInstall.uninstall}. */
  uninstall(memberId: string, stateReason = 'uninstalled on the portal'): Promise<void> {
    return this.installing.uninstall(memberId, stateReason);
  }

  /** See {@link PortalNames.rename}. */
  rename(memberId: string, name: string): Promise<Portal> {
    return this.names.rename(memberId, name);
  }

  /** See {@link PortalNames.applyPins}. */
  applyPins(): Promise<readonly Renaming[]> {
    return this.names.applyPins();
  }

  /** See {@link saveTokens}. */
  saveTokens(grant: GrantedTokens, replaces?: string): Promise<boolean> {
    return saveTokens(this.store, grant, replaces, this.now());
  }

  /**
   * Writes a state, or another reason for it, only when that changes. Only a new installation leads out of
   * `uninstalled`.
   * @returns whether the state changed
   */
  async setState(memberId: string, state: PortalState, reason: string | null): Promise<boolean> {
    const portal = this.store.require(memberId);
    if (portal.state === 'uninstalled' || (portal.state === state && portal.stateReason === reason)) {
      return false;
    }
    return this.store.own.during(memberId, async () => {
      const stateSince = portal.state === state ? portal.stateSince : this.now();
      const result = await this.store.database.db
        .updateTable('portals')
        .set({ state, state_reason: reason, state_since: stateSince })
        .where('member_id', '=', memberId)
        .where('state', '<>', 'uninstalled')
        .executeTakeFirst();
      if (Number(result.numUpdatedRows) === 0) return false;
      this.store.remember({ ...this.store.require(memberId), state, stateReason: reason, stateSince });
      return portal.state !== state;
    });
  }

  /** See {@link PortalPause.pause}. */
  pause(memberId: string, reason: string | null, by: string): Promise<PausedNow> {
    return this.pausing.pause(memberId, reason, by);
  }

  /** See {@link PortalPause.resume}. */
  resume(memberId: string): Promise<Resumed> {
    return this.pausing.resume(memberId);
  }

  /**
   * Records where the authorization server says that a portal is by now, its tokens being as they were.
   * @returns whether it was somewhere else
   */
  async setAddress(memberId: string, clientEndpoint: string): Promise<boolean> {
    if (this.store.require(memberId).clientEndpoint === clientEndpoint) return false;
    const domain = domainOf(clientEndpoint);
    await this.store.change(
      memberId,
      { client_endpoint: clientEndpoint, domain },
      { clientEndpoint, domain },
    );
    return true;
  }

  /** Whether the portal's plan has reservations and marks. */
  async setExtended(memberId: string, extended: boolean): Promise<void> {
    if (this.store.require(memberId).extended === extended) return;
    await this.store.change(memberId, { extended: extended ? 1 : 0 }, { extended });
  }

  /** Remembers since when the portal takes no marks, Unix ms; null: it does. */
  async setMarksFailing(memberId: string, since: number | null): Promise<void> {
    if (this.store.require(memberId).marksFailingSince === since) return;
    await this.store.change(memberId, { marks_failing_since: since }, { marksFailingSince: since });
  }

  /** Remembers how many of its answers in a row could not be taken in, and until when it is left alone for that. */
  async setAnswers(memberId: string, badAnswers: number, askAgainAt: number | null): Promise<void> {
    const known = this.store.require(memberId);
    if (known.badAnswers === badAnswers && known.askAgainAt === askAgainAt) return;
    const columns = { bad_answers: badAnswers, ask_again_at: askAgainAt };
    await this.store.change(memberId, columns, { badAnswers, askAgainAt });
  }

  /** Remembers the latest installation that was refused for its lesser right. */
  setInstallRefused(memberId: string, refused: InstallRefused): Promise<void> {
    const columns = { install_refused_at: refused.at, install_refused_reason: refused.reason };
    return this.store.change(memberId, columns, { installRefused: refused });
  }

  /** Remembers which address the portal notifies on our behalf; null for none. */
  async setNotificationHandler(memberId: string, handler: string | null): Promise<void> {
    if (this.store.require(memberId).notificationHandler === handler) return;
    await this.store.change(memberId, { notification_handler: handler }, { notificationHandler: handler });
  }

  /** Changes the source keys as the database has them now; they are in memory when it resolves. */
  changeSourceKeys(memberId: string, change: (keys: SourceKeys) => SourceKeys): Promise<void> {
    return this.store.own.during(memberId, async () => {
      const sourceKeys = await this.store.database.transact(async (tx) => {
        const row = await tx
          .selectFrom('portals')
          .select(['source_key', 'former_source_keys'])
          .where('member_id', '=', memberId)
          .executeTakeFirst();
        const before = {
          present: row?.source_key ?? null,
          former: parseKeys(row?.former_source_keys ?? null),
        };
        const after = change(before);
        if (row === undefined || after === before) return before;
        await tx
          .updateTable('portals')
          .set({ source_key: after.present, former_source_keys: writeKeys(after.former) })
          .where('member_id', '=', memberId)
          .execute();
        return after;
      });
      this.store.remember({ ...this.store.require(memberId), sourceKeys });
    });
  }

  /** Remembers when another program was seen to drain the portal's queue. */
  setSharedSeen(memberId: string, at: number): Promise<void> {
    return this.store.change(memberId, { shared_seen_at: at }, { sharedSeenAt: at });
  }

  /** Remembers which authorization server the portal belongs to, by its host; returns whether that was news. */
  async setAuthorizationServer(memberId: string, host: string): Promise<boolean> {
    if (this.store.require(memberId).authorizationServer === host) return false;
    await this.store.change(memberId, { authorization_server: host }, { authorizationServer: host });
    return true;
  }
}
