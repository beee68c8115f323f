import { type ChannelModel } from 'amqplib';
import { within } from '../../timing/within.js';
import { ownerWords, readOwner } from '../../broker/prefix-owner.js';
import { TopologyConflict, topologyNames } from '../../broker/topology.js';
import { type Settings } from '../../config/settings.js';
import { type Database, openDatabase } from '../../database/database.js';
import { type DatabaseIdentity, readIdentity } from '../../database/identity.js';
import { Phrase } from '../../i18n/translate.js';
import { type Finding, note, ok, wrong } from '../command/findings.js';
import { databaseIsMissing } from '../command/command-context.js';

const DATABASE_MS = 10_000;

/** Whether the prefix is this database's, so that the service may work. Changes nothing. */
export async function checkPrefix(model: ChannelModel, settings: Settings): Promise<Finding> {
  const { AMQP_PREFIX: prefix } = settings;
  try {
    const holder = await readOwner(model, topologyNames(prefix));
    if (holder.state === 'unknown') {
      return note('prefix', Phrase.of('doctor.prefixUnknown', { exchange: `${prefix}.owner`, prefix }));
    }
    if (holder.state !== 'held') {
      return note('prefix', Phrase.of('doctor.prefixFree', { prefix }));
    }
    const own = await identityOf(settings);
    if (own !== null && typeof own === 'object' && own.id === holder.owner?.id) {
      return ok('prefix', Phrase.of('doctor.prefixOwn', { prefix }));
    }
    const said = { prefix, holder: ownerWords(holder.owner) };
    if (own === 'missing') return note('prefix', Phrase.of('doctor.prefixOther', said));
    if (own === 'unreadable') return note('prefix', Phrase.of('doctor.prefixOf', said));
    return wrong('prefix', Phrase.of('fault.prefixTaken', said));
  } catch (error) {
    if (error instanceof TopologyConflict) return wrong('prefix', error.message);
    throw error;
  }
}

/** Null where no service has worked on it yet. */
async function identityOf({
  DATABASE_URL: url,
}: Settings): Promise<DatabaseIdentity | null | 'missing' | 'unreadable'> {
  if (databaseIsMissing(url)) return 'missing';
  let database: Database | null = null;
  try {
    database = openDatabase(url);
    const tables = await within(DATABASE_MS, database.db.introspection.getTables());
    return tables.some(({ name }) => name === 'identity') ? await readIdentity(database) : null;
  } catch {
    // The finding "database" says what is wrong with it.
    return 'unreadable';
  } finally {
    await database?.db.destroy();
  }
}
