import { type Kysely, sql, type Transaction } from 'kysely';
import { type Schema } from './schema.js';

/** What is to be done in one transaction. */
export type Work<T> = (tx: Transaction<Schema>) => Promise<T>;

/**
 * Runs work in a transaction. Resolves when it is committed; rejects with what the work threw, or with the driver's
 * error, and then nothing of it was written.
 */
export type Transact = <T>(work: Work<T>) => Promise<T>;

/** What is committed together at most: a failing disk takes so much with it, and everybody else waits for so long (ms). */
const TOGETHER = 16;
const TOGETHER_MS = 10;

interface Waiting {
  readonly work: (tx: Transaction<Schema>) => Promise<void>;
  readonly committed: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Commits together what is waiting to be written (SQLite has one writer): each piece of work has a savepoint of its
 * own and fails alone, and one commit, which is what has to wait for the disk, serves all of them. Work that finds
 * nobody else waiting is committed at once.
 *
 * The driver never waits for anything, so one piece of work could follow another for as long as there is any. Between
 * two commits the process therefore turns to its connections.
 */
export function groupCommit(db: Kysely<Schema>): Transact {
  const queue: Waiting[] = [];
  let running = false;
  /** Something was committed since the process last turned to its connections. */
  let committedThisTurn = false;

  async function run(): Promise<void> {
    running = true;
    while (queue.length > 0) {
      if (committedThisTurn) await new Promise((resolve) => setImmediate(resolve));
      const first = queue.shift();
      if (first === undefined) break;
      committedThisTurn = true;
      setImmediate(() => (committedThisTurn = false));
      await together(first);
    }
    running = false;
  }

  async function together(first: Waiting): Promise<void> {
    const group = [first];
    try {
      await db.transaction().execute(async (tx) => {
        const endAt = performance.now() + TOGETHER_MS;
        // It is alone in the transaction so far: where it fails, all of that is rolled back.
        await first.work(tx);
        while (group.length < TOGETHER && performance.now() < endAt) {
          const next = queue.shift();
          if (next === undefined) break;
          group.push(next);
          await beside(tx, next);
        }
      });
    } catch (error) {
      for (const { failed } of group) failed(error);
      return;
    }
    for (const { committed } of group) committed();
  }

  return (work) =>
    new Promise((resolve, reject) => {
      let committed: () => void = () => undefined;
      queue.push({
        work: async (tx) => {
          const result = await work(tx);
          committed = () => resolve(result);
        },
        committed: () => committed(),
        failed: reject,
      });
      if (!running) void run();
    });
}

/** Undoes work that fails, and no other; throws where the database has given up the whole transaction. */
async function beside(tx: Transaction<Schema>, { work, failed }: Waiting): Promise<void> {
  await sql`savepoint work`.execute(tx);
  try {
    await work(tx);
    await sql`release work`.execute(tx);
  } catch (error) {
    try {
      await sql`rollback to work`.execute(tx);
      await sql`release work`.execute(tx);
    } catch {
      throw error;
    }
    failed(error);
  }
}
