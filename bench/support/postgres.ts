import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { type Cleanup } from './cleanup.js';

const POSTGRES_URL = process.env['POSTGRES_URL'] ?? 'postgres://postgres:postgres@127.0.0.1:5432/postgres';

/** A fresh PostgreSQL database as a `DATABASE_URL`; it is dropped with the run. @throws Error without a server */
export async function createPostgresDatabase(cleanup: Cleanup): Promise<string> {
  const name = `bench_${randomBytes(6).toString('hex')}`;
  await administer(`create database ${name} template template0`);
  cleanup.defer(`drop database ${name}`, () => administer(`drop database ${name} with (force)`));
  const url = new URL(POSTGRES_URL);
  url.pathname = `/${name}`;
  return url.href;
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: POSTGRES_URL, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    await client.query(statement);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`PostgreSQL (name one in POSTGRES_URL): ${reason}`, { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}
