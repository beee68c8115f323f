import { type Database } from './database.js';

/** A key is known for so long. */
const IDEMPOTENCY_KEY_MS = 24 * 3_600_000;
/** Longer than any request takes: the process that began it was killed. */
const ABANDONED_MS = 60_000;
/** Deleted with each new one. */
const PURGED_AT_ONCE = 100;

/** What is known of a key. */
export type KeyState =
  /** It is ours from now on: do what was asked, and say how it ended. */
  | { readonly state: 'new' }
  | { readonly state: 'in progress' }
  /** It came with another request. */
  | { readonly state: 'other request' }
  | { readonly state: 'answered'; readonly status: number; readonly answer: string };

/** Requests that are done once, however often they are sent; in the table `idempotency_keys`. Rejects with the driver's error. */
export class IdempotencyKeys {
  constructor(
    private readonly database: Pick<Database, 'db' | 'transact'>,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * Claims a key for a request, of which one sender can have several at once.
   * @param id names the key and who sent it
   * @param request tells the request from others
   */
  claim(id: string, request: string): Promise<KeyState> {
    const now = this.now();
    return this.database.transact(async (tx): Promise<KeyState> => {
      await tx
        .deleteFrom('idempotency_keys')
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('idempotency_keys')
            .select('id')
            .where('begun_at', '<=', now - IDEMPOTENCY_KEY_MS)
            .orderBy('begun_at')
            .limit(PURGED_AT_ONCE),
        )
        .execute();
      const claimed = await tx
        .insertInto('idempotency_keys')
        .values({ id, request, begun_at: now, status: null, answer: null })
        .onConflict((conflict) =>
          conflict
            .column('id')
            .doUpdateSet({ request, begun_at: now, status: null, answer: null })
            // Forgotten, or of a process that was killed; then what was asked is asked again.
            .where((eb) =>
              eb.or([
                eb('idempotency_keys.begun_at', '<=', now - IDEMPOTENCY_KEY_MS),
                eb.and([
                  eb('idempotency_keys.status', 'is', null),
                  eb('idempotency_keys.request', '=', request),
                  eb('idempotency_keys.begun_at', '<=', now - ABANDONED_MS),
                ]),
              ]),
            ),
        )
        .returning('id')
        .executeTakeFirst();
      if (claimed !== undefined) return { state: 'new' };
      const known = await tx
        .selectFrom('idempotency_keys')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      if (known === undefined) return { state: 'in progress' };
      if (known.request !== request) return { state: 'other request' };
      if (known.status === null || known.answer === null) return { state: 'in progress' };
      return { state: 'answered', status: known.status, answer: known.answer };
    }, 1);
  }

  /** Keeps the answer for whoever asks again. */
  async answered(id: string, status: number, answer: string): Promise<void> {
    await this.database.transact(
      (tx) => tx.updateTable('idempotency_keys').set({ status, answer }).where('id', '=', id).execute(),
      1,
    );
  }

  /** Nothing came of it: the same key may be used for another try. */
  async failed(id: string): Promise<void> {
    await this.database.transact(
      (tx) => tx.deleteFrom('idempotency_keys').where('id', '=', id).where('status', 'is', null).execute(),
      1,
    );
  }
}
