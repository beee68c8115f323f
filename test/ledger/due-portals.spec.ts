import { expect, it } from '@jest/globals';
import { LedgerBench, type Put, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

onEveryDatabase('portals with something to publish are found without asking each', (open) => {
  const portal = (memberId: string) => ({
    member_id: memberId,
    name: memberId,
    domain: `${memberId}.bitrix24.com`,
    client_endpoint: `https://${memberId}.bitrix24.com/rest/`,
    access_token: 'a',
    refresh_token: 'r',
    token_expires_at: 0,
    token_renewed_at: 0,
    application_token: null,
    state: 'active' as const,
    state_reason: null,
    state_since: 0,
    extended: 1 as const,
    installed_at: 0,
    notification_handler: null,
  });

  it('names those with reserved deliveries and with waiting ones that are due, and nobody else', async () => {
    const bench = new LedgerBench(open);
    const deliveries: Record<string, Partial<Put>> = {
      reserved: { state: 'reserved' },
      due: { state: 'waiting', dueAt: START },
      later: { state: 'waiting', dueAt: START + 1 },
      published: { state: 'published' },
      failed: { state: 'failed' },
      marked: { state: 'marked', dueAt: START },
      processed: { state: 'processed' },
    };
    const db = open().db;
    for (const [member, delivery] of Object.entries(deliveries)) {
      await db.insertInto('portals').values(portal(member)).execute();
      await bench.put({ message: 'm1', member, state: 'reserved', ...delivery });
    }
    await db.insertInto('portals').values(portal('empty')).execute();
    expect((await bench.ledger.duePortals()).sort()).toEqual(['due', 'reserved']);
    bench.now += 1;
    expect((await bench.ledger.duePortals()).sort()).toEqual(['due', 'later', 'reserved']);
  });
});
