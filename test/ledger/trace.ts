import { type CompiledQuery, type KyselyPlugin } from 'kysely';
import { type Database, databaseOver } from '../../src/database/database.js';

/** The same database, and the list to which every query it is asked is added. */
export function trace({ db, dialect }: Database): [Database, CompiledQuery[]] {
  const queries: CompiledQuery[] = [];
  const plugin: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      queries.push(db.getExecutor().compileQuery(node, queryId));
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
  return [databaseOver(dialect, db.withPlugin(plugin)), queries];
}
