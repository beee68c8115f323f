import { BrokerConnection } from '../broker/connection.js';
import { Settings } from '../config/settings.js';
import { RUNNING_STATES } from '../database/schema.js';
import { ObjectTypes } from '../contract/object-types.js';
import { StateFields } from '../contract/state-fields.js';
import { Ledger } from '../ledger/ledger.js';
import { Snapshots } from '../ledger/snapshots/snapshots.js';
import { Metrics } from '../monitoring/metrics.js';
import { countReconciling } from '../monitoring/listeners.js';
import { PortalRegistry } from '../portals/registry.js';
import { TokenVault } from '../portals/token-vault.js';
import { keysToFinish } from '../portals/source-keys.js';
import { LastStates } from '../state/changes/last-states.js';
import { ObjectChanges } from '../state/changes/object-changes.js';
import { PortalStates } from '../state/events/portal-states.js';
import { StateMemory } from '../state/events/state-memory.js';
import { PortalReader } from '../state/reading/portal-reader.js';
import { PortalWork } from '../state/portal-work.js';
import { OwnUser } from '../state/reconcile/own-user.js';
import { ReconcileLoop } from '../state/reconcile/reconcile-loop.js';
import { ReconciledTypes } from '../state/reconcile/reconciled-types.js';
import { SnapshotLoop } from '../state/snapshot/snapshot-loop.js';
import { SnapshotLoops } from '../state/snapshot/snapshot-loops.js';
import { BESIDE, DATABASE, LOG, RECONCILED } from './injection-tokens.js';
import { provide } from './provide.js';

/** States in hand over all portals, bytes: beyond, events come without rather than memory grows. */
const STATES_IN_HAND = 64 * 1024 * 1024;

/** What reads portals' objects, beside their rounds. */
export const stateProviders = [
  provide(
    RECONCILED,
    [Settings],
    ({ RECONCILE = [], B24_EVENTS }) => new ReconciledTypes(RECONCILE, B24_EVENTS),
  ),
  provide(Snapshots, [DATABASE], (database) => new Snapshots(database)),
  provide(SnapshotLoops, [], () => new SnapshotLoops()),
  provide(
    BESIDE,
    {
      settings: Settings,
      types: RECONCILED,
      snapshots: Snapshots,
      loops: SnapshotLoops,
      database: DATABASE,
      vault: TokenVault,
      ledger: Ledger,
      registry: PortalRegistry,
      broker: BrokerConnection,
      metrics: Metrics,
      log: LOG,
    },
    ({ settings, types, snapshots, loops, database, vault, ledger, registry, broker, metrics, log }) => {
      const stateTypes = new ObjectTypes(settings.STATE ?? []);
      const states = new StateMemory(STATES_IN_HAND);
      const fields = new StateFields(settings.STATE_FIELDS ?? '');
      const listener = countReconciling(metrics, (memberId) => registry.nameOf(memberId));
      const key = settings.B24_AUTH_CONNECTOR ?? '';
      return (answerMemory) =>
        ({ memberId, name }, client, permit, { wakeDispatch, dispatch }) => {
          const known = () => registry.get(memberId);
          const mayRead = () => {
            const { state, paused } = known() ?? { state: 'uninstalled', paused: null };
            return permit.valid() && RUNNING_STATES.has(state) && paused === null;
          };
          const reader = new PortalReader({ portal: { name, mayRead }, client, answerMemory, log });
          const portalStates = new PortalStates({
            reader,
            types: stateTypes,
            fields,
            settings,
            stateMemory: states,
            wakeDispatch,
            told: (status) => metrics.stateRead(name, status),
            ...(settings.STATE_CHANGES
              ? { changes: new ObjectChanges(new LastStates(database, vault, memberId), name, log) }
              : {}),
          });
          const fenced = ledger.fencedBy(permit.lease, () => permit.refused());
          const snapshot = new SnapshotLoop({
            memberId,
            portal: name,
            snapshots,
            ledger: fenced,
            reader,
            loops,
            fieldsOf: (type) => fields.of(type),
            states: portalStates,
            published: dispatch,
            mayPublish: () => permit.valid() && broker.status().state === 'up',
            settings,
            log,
          });
          if (types.none) return new PortalWork(reader, [snapshot], portalStates);
          const ownUser = new OwnUser(client);
          const reconcile = new ReconcileLoop(
            {
              portal: {
                memberId,
                name,
                state: () => known()?.state ?? null,
                stateSince: () => known()?.stateSince ?? 0,
                pausedSince: () => known()?.paused?.since ?? null,
                sharedSeenAt: () => known()?.sharedSeenAt ?? null,
                ownUser: (signal) => ownUser.read(signal),
              },
              types,
              reader,
              db: database.db,
              ledger: fenced,
              settings,
              listener,
              log,
              wakeDispatch: dispatch,
              now: () => Date.now(),
            },
            () => {
              const keys = known()?.sourceKeys;
              return [key, ...(keys === undefined ? [] : keysToFinish(keys, key))];
            },
          );
          return new PortalWork(reader, [snapshot, reconcile], portalStates);
        };
    },
  ),
];
