import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** After all suites: removes what was made once in the run. */
export default async function endRun() {
  const folder = process.env.TEST_RUN_FOLDER;
  if (folder === undefined) return;
  const server = join(folder, 'server');
  if (existsSync(server)) await dropLent(folder, readFileSync(server, 'utf8'));
  rmSync(folder, { recursive: true, force: true });
}

/** Databases of `test/ledger/lent-databases.ts`. Only a run that used PostgreSQL loads its driver. */
async function dropLent(folder, url) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const entry of readdirSync(folder)) {
      const name = /^(?:free|lent)-(.*)$/.exec(entry)?.[1];
      if (name !== undefined) await client.query(`drop database if exists ${name} with (force)`);
    }
  } finally {
    await client.end();
  }
}
