import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Database, openDatabase } from '../database/database.js';
import { migrate } from '../database/migrate.js';
import { PortalRegistry } from './registry.js';
import { TokenVault } from './token-vault.js';

const token = (word: string) => word.padEnd(40, '0');

describe("portals' tokens that a text holds", () => {
  let database: Database;
  let registry: PortalRegistry;
  beforeEach(async () => {
    database = openDatabase('file::memory:');
    await migrate(database);
    registry = new PortalRegistry(database, new TokenVault(undefined), (_host, memberId) => [memberId]);
    await registry.load();
  });
  afterEach(() => database.db.destroy());
  const grant = (memberId: string, word: string) => ({
    memberId,
    accessToken: token(`access${word}`),
    refreshToken: token(`refresh${word}`),
    expiresAt: 1,
    clientEndpoint: `https://${memberId}.test/rest/`,
  });
  const text = (...words: string[]) => words.map((word) => `said ${token(word)}!`).join(' ');

  it('are those that it has by now', async () => {
    await registry.install(grant('m1', '1'), token('application1'));
    await registry.install(grant('m2', '2'), null);
    const all = text('access1', 'refresh1', 'application1', 'access2', 'refresh2', 'access3');
    expect(registry.secretsIn(all).sort()).toEqual(
      ['access1', 'access2', 'application1', 'refresh1', 'refresh2'].map(token),
    );
    await registry.saveTokens(grant('m1', '3'));
    expect(registry.secretsIn(text('access1', 'access3'))).toEqual([token('access3')]);
    // As another process has it read.
    await registry.load();
    expect(registry.secretsIn(text('access1', 'access3'))).toEqual([token('access3')]);
    await registry.uninstall('m1');
    expect(registry.secretsIn(all).sort()).toEqual(['access2', 'refresh2'].map(token));
    await database.db.deleteFrom('portals').execute();
    await registry.load();
    expect(registry.secretsIn(all)).toEqual([]);
  });

  it('are no words that a portal chose to have lines hidden', async () => {
    await registry.install(grant('m'.repeat(32), '1'), null);
    await registry.install(grant('m2', '2'), 'm'.repeat(32));
    await registry.install(grant('m3', '3'), 'event');
    expect(registry.secretsIn(`event ${'m'.repeat(32)}`)).toEqual([]);
  });
});
