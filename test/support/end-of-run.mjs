import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** After all suites: removes what was made once in the run. */
export default async function endRun() {
  const folder = process.env.TEST_RUN_FOLDER;
  if (folder === undefined) return;
  const noted = join(folder, 'postgres.json');
  if (existsSync(noted)) await dropAll(JSON.parse(readFileSync(noted, 'utf8')));
  rmSync(folder, { recursive: true, force: true });
}

/** Only a run that used PostgreSQL loads its driver. */
async function dropAll({ url, databases }) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const name of databases) await client.query(`drop database if exists ${name} with (force)`);
  } finally {
    await client.end();
  }
}
