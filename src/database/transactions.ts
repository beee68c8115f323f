import { type Kysely, sql, type Transaction } from 'kysely';
import { type Schema } from './schema.js';

/** What is to be done in one transaction. */
type Work<T> = (tx: Transaction<Schema>) => Promise<T>;

/**
 * Runs work in a transaction. Resolves when it is committed; rejects with what the work threw, or with the driver's
 * error, and then nothing of it was written. `rows` is about how many it writes: what is small may overtake what is
 * large.
 */
export type Transact = <T>(work: Work<T>, rows?: number) => Promise<T>;

/** How much is committed together at most: a failing disk loses so many pieces of work, others wait so long (ms). */
const TOGETHER = 16;
const TOGETHER_MS = 25;
/** Work that writes so many rows and more takes longer than the commit does. */
const LARGE_FROM = 50;

interface Waiting {
  readonly work: (tx: Transaction<Schema>) => Promise<void>;
  readonly committed: () => void;
  readonly failed: (error: unknown) => void;
  readonly large: boolean;
}

/**
 * Commits together what is waiting to be written (SQLite has one writer): each piece of work has a savepoint of its
 * own and fails alone, and one commit, which is what has to wait for the disk, serves all of them. Work that finds
 * no other waiting is committed at once.
 *
 * Small work goes before large work and is committed without any, so that a portal with one change does not wait behind the
 * batches of those with thousands. After each such commit comes one that begins with large work, however much there is
 * that is small; what is small by then goes along.
 */
export function groupCommit(db: Kysely<Schema>): Transact {
  const small: Waiting[] = [];
  const large: Waiting[] = [];
  let running = false;

  async function run(): Promise<void> {
    running = true;
    let largeIsNext = false;
    for (;;) {
      const first: Waiting | undefined =
        (largeIsNext ? large.shift() : undefined) ?? small.shift() ?? large.shift();
      if (first === undefined) break;
      largeIsNext = !first.large;
      await together(first, () => small.shift() ?? (first.large ? large.shift() : undefined));
    }
    running = false;
  }

  async function together(first: Waiting, next: () => Waiting | undefined): Promise<void> {
    const group = [first];
    try {
      await db.transaction().execute(async (tx) => {
        const endAt = performance.now() + TOGETHER_MS;
        // It is alone in the transaction so far: where it fails, all of that is rolled back.
        await first.work(tx);
        while (group.length < TOGETHER && performance.now() < endAt) {
          const another = next();
          if (another === undefined) return;
          group.push(another);
          await beside(tx, another);
        }
      });
    } catch (error) {
      for (const { failed } of group) failed(error);
      return;
    }
    for (const { committed } of group) committed();
  }

  return (work, rows = 0) =>
    new Promise((resolve, reject) => {
      let committed: () => void = () => undefined;
      const isLarge = rows >= LARGE_FROM;
      (isLarge ? large : small).push({
        work: async (tx) => {
          const result = await work(tx);
          committed = () => resolve(result);
        },
        committed: () => committed(),
        failed: reject,
        large: isLarge,
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
