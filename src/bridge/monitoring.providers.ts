import { BrokerConnection } from '../broker/connection.js';
import { Settings } from '../config/settings.js';
import { Fleet } from '../drain/loop/fleet.js';
import { DatabaseCheck } from '../monitoring/database-check.js';
import { HealthChecks } from '../monitoring/health.controller.js';
import { Metrics } from '../monitoring/metrics.js';
import { PortalRegistry } from '../portals/registry.js';
import { ReplicaReport } from './replica-report.js';
import { LOG } from './injection-tokens.js';
import { provide } from './provide.js';

/** Health, metrics, and the report for other replicas. */
export const monitoringProviders = [
  provide(Metrics, [], () => new Metrics()),
  provide(HealthChecks, [BrokerConnection, DatabaseCheck], (broker, database): HealthChecks => ({
    checks: () => ({
      broker: () => {
        const { state, reason, since } = broker.usability();
        return Promise.resolve(
          state === 'up'
            ? { up: true, reason: null, since: null }
            : { up: false, reason: reason ?? state, since },
        );
      },
      database: () => database.read(),
    }),
  })),
  provide(
    ReplicaReport,
    [Settings, PortalRegistry, Metrics, Fleet, LOG],
    (settings, registry, { activity }, fleet, log) =>
      new ReplicaReport({
        settings,
        registry,
        activity,
        running: () => fleet.running(),
        log,
      }),
  ),
];
