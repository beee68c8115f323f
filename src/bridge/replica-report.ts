import { type Settings } from '../config/settings.js';
import { isDashboardOpen } from '../config/dashboard-open.js';
import { type Log } from '../logging/log.js';
import { type Activity, type PortalActivity } from '../monitoring/activity.js';
import { writeReport } from '../monitoring/portal-report.js';
import { type Portal } from '../portals/portal-record.js';
import { type PortalRegistry } from '../portals/registry.js';
import { reasonOf } from '../logging/reason.js';
import { redact } from '../logging/redact.js';

/** Leases may be so short that heartbeats come much more often than a person can read. */
const EVERY_MS = 3000;
/** Writing reports may take this part of the time at most, however large they are. */
const SHARE = 0.02;

interface ReportDependencies {
  readonly settings: Settings;
  readonly registry: Pick<PortalRegistry, 'get'>;
  readonly activity: Activity;
  /** Member ids of the portals whose rounds run in this process. */
  readonly running: () => Iterable<string>;
  readonly log: Log;
}

/** What this replica tells the others of its portals, for their dashboards. */
export class ReplicaReport {
  private nextAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly deps: ReportDependencies) {}

  /**
   * Null where the last report is recent, and always where there is no dashboard. Never throws: leases are renewed with the same
   * heartbeat.
   */
  next(): string | null {
    const { settings, registry, running, log } = this.deps;
    const now = performance.now();
    if (!isDashboardOpen(settings) || now < this.nextAt) return null;
    this.nextAt = now + EVERY_MS;
    try {
      const own = [...running()].flatMap((memberId) => registry.get(memberId) ?? []);
      const report = writeReport(
        new Map(own.map((portal) => [portal.memberId, (spans: number) => this.activityOf(portal, spans)])),
        Date.now(),
      );
      this.nextAt = now + Math.max(EVERY_MS, (performance.now() - now) / SHARE);
      return report;
    } catch (error) {
      log.warn({ event: 'replica.report_failed', reason: reasonOf(error) });
      return null;
    }
  }

  private activityOf(
    { name, accessToken, refreshToken, applicationToken }: Portal,
    spans: number,
  ): PortalActivity {
    const { activity, settings } = this.deps;
    const seen = activity.of(name, spans);
    const { round } = seen;
    if (round === null || round.failure === null) return seen;
    const secrets = [accessToken, refreshToken, applicationToken ?? '', settings.B24_CLIENT_SECRET];
    return { ...seen, round: { ...round, failure: redact(round.failure, secrets) } };
  }
}
