import { domainOf } from '../bitrix24/portal-address.js';
import { type Naming } from './naming.js';
import { endOffers, type Offer } from './offers.js';
import { type PortalNames } from './portal-names.js';
import { type GrantedTokens, type Portal, tokenColumns } from './portal-record.js';
import { type PortalStore } from './portal-store.js';

/** An installation that was recorded. */
export interface Installed {
  readonly portal: Portal;
  /** The portal that had its name before, under the one that it has now; null where none had. */
  readonly displaced: Portal | null;
  /** The name that it had before; null where that is the same, or it is new. */
  readonly formerlyCalled: string | null;
  /** The name it should have had, which is another portal's; null where it got it. */
  readonly missedName: string | null;
}

/** Records that a portal has installed the application, or has uninstalled it. */
export class PortalInstall {
  constructor(
    private readonly store: PortalStore,
    private readonly names: PortalNames,
    private readonly now: () => number,
  ) {}

  /**
   * Records an installation, or a new one of a known portal: its tokens are replaced, its name and its deliveries
   * stay. Without an application token the known one stays, too. A name passes on from a portal that is not alive
   * ({@link nameOfInstallation}).
   * @param offer the stored one that is taken up by this; it and the portal change together
   * @throws {OfferGone}
   */
  install(grant: GrantedTokens, applicationToken: string | null, offer: Offer | null): Promise<Installed> {
    return this.store.own.during(grant.memberId, async () => {
      const now = this.now();
      const known = await this.store.current(grant.memberId);
      const naming = await this.names.nameInstallation(grant, domainOf(grant.clientEndpoint));
      const portal = installedPortal(grant, applicationToken, known, naming, now);
      await this.write(grant, portal, known, offer);
      this.store.remember(portal);
      const displaced = naming.displaced === null ? undefined : this.store.get(naming.displaced.memberId);
      const formerlyCalled = known === undefined || known.name === portal.name ? null : known.name;
      return { portal, displaced: displaced ?? null, formerlyCalled, missedName: naming.missed };
    });
  }

  /**
   * Records that the application was uninstalled, and forgets its tokens. Its deliveries stay, for the day on which
   * it is installed again.
   */
  uninstall(memberId: string, stateReason: string): Promise<void> {
    const { own, database } = this.store;
    return own.during(memberId, async () => {
      const stateSince = this.now();
      await database.transact(async (tx) => {
        await endOffers(tx, memberId, null);
        await tx
          .updateTable('portals')
          .set({
            access_token: '',
            refresh_token: '',
            application_token: null,
            state: 'uninstalled',
            state_reason: stateReason,
            state_since: stateSince,
          })
          .where('member_id', '=', memberId)
          .execute();
      });
      this.store.remember({
        ...this.store.require(memberId),
        accessToken: '',
        refreshToken: '',
        applicationToken: null,
        state: 'uninstalled',
        stateReason,
        stateSince,
      });
    });
  }

  private async write(
    grant: GrantedTokens,
    portal: Portal,
    known: Portal | undefined,
    offer: Offer | null,
  ): Promise<void> {
    const { database, vault } = this.store;
    const row = {
      ...tokenColumns(vault, grant, portal.stateSince),
      application_token: portal.applicationToken === null ? null : vault.seal(portal.applicationToken),
      state: portal.state,
      state_reason: null,
      state_since: portal.stateSince,
      install_refused_at: null,
      install_refused_reason: null,
      bad_answers: 0,
      ask_again_at: null,
      // A name that another process gives it meanwhile stays.
      ...(known?.name === portal.name ? {} : { name: portal.name, former_name: portal.formerName }),
    };
    await database.transact(async (tx) => {
      await endOffers(tx, portal.memberId, offer);
      await tx
        .insertInto('portals')
        .values({
          member_id: portal.memberId,
          name: portal.name,
          extended: null,
          installed_at: portal.stateSince,
          notification_handler: null,
          authorization_server: null,
          marks_failing_since: null,
          ...row,
        })
        .onConflict((conflict) => conflict.column('member_id').doUpdateSet(row))
        .execute();
    });
  }
}

function installedPortal(
  grant: GrantedTokens,
  applicationToken: string | null,
  known: Portal | undefined,
  { name, formerName }: Naming,
  now: number,
): Portal {
  return {
    memberId: grant.memberId,
    name,
    formerName,
    domain: domainOf(grant.clientEndpoint),
    clientEndpoint: grant.clientEndpoint,
    accessToken: grant.accessToken,
    refreshToken: grant.refreshToken,
    tokenExpiresAt: grant.expiresAt,
    tokenRenewedAt: now,
    applicationToken: applicationToken ?? known?.applicationToken ?? null,
    state: 'active',
    stateReason: null,
    stateSince: now,
    extended: known?.extended ?? null,
    notificationHandler: known?.notificationHandler ?? null,
    sourceKeys: known?.sourceKeys ?? { present: null, former: [] },
    sharedSeenAt: known?.sharedSeenAt ?? null,
    authorizationServer: grant.authorizationServer ?? known?.authorizationServer ?? null,
    marksFailingSince: known?.marksFailingSince ?? null,
    installRefused: null,
    badAnswers: 0,
    askAgainAt: null,
    // Who paused it did not mean this installation only.
    paused: known?.paused ?? null,
  };
}
