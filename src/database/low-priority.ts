import { type CompiledQuery, type Kysely, type KyselyPlugin, type QueryId } from 'kysely';
import { type Schema } from './schema.js';

const lowPriority = new WeakSet<QueryId>();

/** Notes the queries that it sees; changes nothing. */
const noting: KyselyPlugin = {
  transformQuery: ({ node, queryId }) => {
    lowPriority.add(queryId);
    return node;
  },
  transformResult: ({ result }) => Promise.resolve(result),
};

/** The same handle for questions with long answers: short ones that come later go first where there is one place to ask. */
export function withLowPriority(db: Kysely<Schema>): Kysely<Schema> {
  return db.withPlugin(noting);
}

/** Whether a query was asked by such a handle. */
export function isLowPriority({ queryId }: CompiledQuery): boolean {
  return lowPriority.has(queryId);
}
