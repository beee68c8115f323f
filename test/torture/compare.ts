import Libsql from 'libsql';
import { type EmulatedPortal } from '../../emulator/index.js';
import { type TestBridge } from '../support/test-bridge.js';
import { until } from '../support/until.js';

/** Longer than an event may take to come into the queue. */
export const OVER_MS = 61_000;
/** How long comparing may take before some more time passes: it rests for five minutes after a refusal. */
const PATIENCE_MS = 4000;
const TRIES = 15;

/** Has everything compared, and lets the time pass that a suspicion takes. At rest. Rejects where that does not help. */
export async function compareAll(
  bridge: TestBridge,
  portals: readonly EmulatedPortal[],
  pass: (ms: number) => Promise<void>,
): Promise<void> {
  const asked = new Set<string>();
  for (let tries = 0; tries < TRIES; tries += 1) {
    for (const { name } of portals) {
      if (!asked.has(name) && (await askNow(bridge.url, name))) asked.add(name);
    }
    const isDone = await until(
      'everything to be compared',
      () => open(bridge.databaseFile) === 0,
      PATIENCE_MS,
    )
      .then(() => true)
      .catch(() => false);
    if (isDone && asked.size === portals.length) return;
    await pass(OVER_MS);
  }
  throw new Error('not everything is compared');
}

export const API_SECRET = 'd00dfeed0123f00dfeed4567f00dfeed';

/** By whoever may operate; false where the service did not take it. */
export async function callApi(url: string, path: string, body: unknown = {}): Promise<boolean> {
  const response = await fetch(new URL(`/api/v1/${path}`, url), {
    method: 'POST',
    headers: { authorization: `Bearer ${API_SECRET}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(3000),
  });
  return response.ok;
}

async function askNow(url: string, portal: string): Promise<boolean> {
  return callApi(url, `reconciliation/portals/${portal}/now`).catch(() => false);
}

/** What is still to be compared, or may have been missed. */
function open(databaseFile: string): number {
  const file = new Libsql(databaseFile, { readonly: true, timeout: 5000 });
  try {
    const row = file
      .prepare(
        `select (select count(*) from reconciled_portals where asked_at is not null)
          + (select count(*) from seen_objects where suspect_at is not null) as count`,
      )
      .get() as { count: number };
    return row.count;
  } finally {
    file.close();
  }
}

/** Kinds of objects of which everything that there is was learned. */
export function learned(databaseFile: string): number {
  const file = new Libsql(databaseFile, { readonly: true, timeout: 5000 });
  try {
    const row = file
      .prepare('select count(*) as count from reconciled_types where learned_at is not null')
      .get() as { count: number };
    return row.count;
  } finally {
    file.close();
  }
}
