import { type Database } from '../../database/database.js';
import { type LastState, type ObjectKey } from '../../ledger/last-states/last-state.js';
import { forgetLastStates } from '../../ledger/last-states/forget-last-states.js';
import { readLastStates } from '../../ledger/last-states/read-last-states.js';
import { writeLastStates } from '../../ledger/last-states/write-last-states.js';
import { type TokenVault, TokenVaultError } from '../../portals/token-vault.js';
import { type Published } from './change-chain.js';

/** An object and what was published of it. */
export interface PublishedObject extends ObjectKey {
  readonly published: Published;
}

/** What was last published of one portal's objects, sealed as tokens are. */
export class LastStates {
  constructor(
    private readonly database: Pick<Database, 'db' | 'transact'>,
    private readonly vault: Pick<TokenVault, 'seal' | 'open'>,
    private readonly memberId: string,
    private readonly now: () => number = Date.now,
  ) {}

  /** Those of these objects that are known, in any order. Rejects with the driver's error. */
  async read(objects: readonly ObjectKey[]): Promise<PublishedObject[]> {
    const rows = await readLastStates(this.database.db, this.memberId, objects);
    return rows.flatMap((row) => {
      const published = this.opened(row);
      return published === null ? [] : [{ entityTypeId: row.entityTypeId, id: row.id, published }];
    });
  }

  /** Rejects with the driver's error, and then has written nothing. */
  async write(objects: readonly PublishedObject[], gone: readonly ObjectKey[]): Promise<void> {
    if (objects.length + gone.length === 0) return;
    const rows = objects.map(({ entityTypeId, id, published }): LastState => {
      const { text, previous, by } = published;
      return {
        entityTypeId,
        id,
        state: this.vault.seal(text),
        previous: previous === null ? null : this.vault.seal(previous),
        toldBy: by,
      };
    });
    await this.database.transact(async (tx) => {
      await writeLastStates(tx, this.memberId, rows, this.now());
      await forgetLastStates(tx, this.memberId, gone);
    }, objects.length + gone.length);
  }

  /** Null where it was sealed with a key that is no longer set: then it is as if it had never been seen. */
  private opened({ state, previous, toldBy }: LastState): Published | null {
    try {
      return {
        text: this.vault.open(state),
        previous: previous === null ? null : this.vault.open(previous),
        by: toldBy,
      };
    } catch (error) {
      if (error instanceof TokenVaultError) return null;
      throw error;
    }
  }
}
