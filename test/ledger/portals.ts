import { type Database } from '../../src/database/database.js';

/** Registers portals of these member ids, as they are after an installation. */
export async function registerPortals(database: Database, memberIds: readonly string[]): Promise<void> {
  if (memberIds.length === 0) return;
  await database.db
    .insertInto('portals')
    .values(
      memberIds.map((memberId) => ({
        member_id: memberId,
        name: memberId,
        domain: `${memberId}.test`,
        client_endpoint: `https://${memberId}.test/rest/`,
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
        bad_answers: 0,
      })),
    )
    .execute();
}

/** Member ids `m1` to `m<count>`. */
export const memberIds = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `m${index + 1}`);
