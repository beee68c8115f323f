import { type Database } from '../database/database.js';
import { NOT_ALIVE } from './find-portal.js';
import { type Named, nameOfInstallation, type Naming, renamedByPins, type Renaming } from './naming.js';
import { type PinnedNames } from './pinned-names.js';
import { type Portal } from './portal-record.js';
import { type PortalStore } from './portal-store.js';

/** Another portal has that name. */
export class NameTaken extends Error {
  constructor(name: string) {
    super(`another portal has the name ${name}`);
    this.name = 'NameTaken';
  }
}

/** Proposes names for a portal's routing keys, best first. */
export type NamePortal = (host: string, memberId: string) => readonly string[];

/** Every process on the database gives out names: this many are tried when one was taken meanwhile. */
const NAMING_TRIES = 5;

/** Gives out the portals' names, of which no two are the same. */
export class PortalNames {
  constructor(
    private readonly store: PortalStore,
    private readonly propose: NamePortal,
    private readonly pins: PinnedNames,
  ) {}

  /**
   * Gives a portal another name, which is its own.
   * @throws {NameTaken}
   */
  rename(memberId: string, name: string): Promise<Portal> {
    const { own, database } = this.store;
    return own.during(memberId, async () => {
      if (await this.isTaken(name)) throw new NameTaken(name);
      try {
        await database.db
          .updateTable('portals')
          .set({ name, former_name: null })
          .where('member_id', '=', memberId)
          .execute();
      } catch (error) {
        // The database refuses a second portal of that name: another process was quicker.
        if (await this.isTaken(name)) throw new NameTaken(name);
        throw error;
      }
      const renamed = { ...this.store.require(memberId), name, formerName: null };
      this.store.remember(renamed);
      return renamed;
    });
  }

  /**
   * Has every portal called as PORTAL_NAMES says. What another process has renamed meanwhile is left as it is.
   * @returns what was renamed
   */
  async applyPins(): Promise<readonly Renaming[]> {
    const done = await this.store.database.transact(async (tx) => {
      const renamings = renamedByPins(await namedRows(tx), this.pins);
      const made: Renaming[] = [];
      for (const renaming of renamings) {
        const { numUpdatedRows } = await tx
          .updateTable('portals')
          .set({ name: renaming.name, former_name: renaming.formerName })
          .where('member_id', '=', renaming.memberId)
          .where('name', '=', renaming.from)
          .executeTakeFirst();
        if (Number(numUpdatedRows) > 0) made.push(renaming);
      }
      return made;
    });
    for (const { memberId, name, formerName } of done) {
      const known = this.store.get(memberId);
      if (known !== undefined) this.store.remember({ ...known, name, formerName });
    }
    return done;
  }

  /**
   * Decides on the name of an installation, and renames the portal that gives it up. If the process ends before the
   * name is given, no portal has it, and the next installation gets it.
   */
  async nameInstallation(
    installation: Pick<Portal, 'memberId' | 'clientEndpoint'>,
    domain: string,
  ): Promise<Naming> {
    const proposed = this.propose(domain, installation.memberId);
    for (let tries = 1; ; tries += 1) {
      const all = await namedRows(this.store.database.db);
      const naming = nameOfInstallation(installation, proposed, all, this.pins);
      if (naming.displaced === null || (await this.displace(naming.displaced))) return naming;
      if (tries === NAMING_TRIES) throw new Error(`the name ${naming.name} changes hands all the time`);
    }
  }

  /** @returns false where that portal has come back to life meanwhile, or has another name by now */
  private async displace(to: NonNullable<Naming['displaced']>): Promise<boolean> {
    const { memberId, from, name, formerName, evenAlive } = to;
    return this.store.own.during(memberId, async () => {
      const result = await this.store.database.db
        .updateTable('portals')
        .set({ name, former_name: formerName })
        .where('member_id', '=', memberId)
        .where('name', '=', from)
        .$if(!evenAlive, (update) => update.where('state', 'in', NOT_ALIVE))
        .executeTakeFirst();
      if (Number(result.numUpdatedRows) === 0) return false;
      const known = this.store.get(memberId) ?? (await this.store.current(memberId));
      if (known !== undefined) this.store.remember({ ...known, name, formerName });
      return true;
    });
  }

  private async isTaken(name: string): Promise<boolean> {
    const row = await this.store.database.db
      .selectFrom('portals')
      .select('member_id')
      .where('name', '=', name)
      .executeTakeFirst();
    return row !== undefined;
  }
}

/** What names are decided by, of every portal, as the database has it now. */
async function namedRows(db: Pick<Database['db'], 'selectFrom'>): Promise<Named[]> {
  const rows = await db
    .selectFrom('portals')
    .select(['member_id', 'name', 'former_name', 'client_endpoint', 'state', 'state_since'])
    .execute();
  return rows.map((row) => ({
    memberId: row.member_id,
    name: row.name,
    formerName: row.former_name,
    clientEndpoint: row.client_endpoint,
    state: row.state,
    stateSince: row.state_since,
  }));
}
