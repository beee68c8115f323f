import { type Settings } from './config.js';
import { isDashboardOpen } from './dashboard/access.js';
import { type Log } from './log.js';
import { type Activity } from './monitoring/activity.js';
import { writeReport } from './monitoring/replica-report.js';
import { type Portal, type PortalRegistry } from './portals/registry.js';
import { redact } from './redact.js';

/** Leases may be so short that beats come much more often than anybody can read. */
const EVERY_MS = 3000;
/** Telling may take this part of the time at most, however much there is to tell. */
const SHARE = 0.02;

export interface ReportSurroundings {
  readonly settings: Settings;
  readonly registry: Pick<PortalRegistry, 'list'>;
  readonly activity: Activity;
  /** Whether a portal's rounds run in this process. */
  readonly runsRounds: (memberId: string) => boolean;
  readonly log: Log;
}

/**
 * What this replica tells the others of its portals, for their dashboards; null where it has just told, and always
 * where there is no dashboard. Never throws: leases are renewed with the same breath.
 */
export function replicaReport({
  settings,
  registry,
  activity,
  runsRounds,
  log,
}: ReportSurroundings): () => string | null {
  if (!isDashboardOpen(settings)) return () => null;
  let nextAt = Number.NEGATIVE_INFINITY;
  const activityOf = ({ name, accessToken, refreshToken, applicationToken }: Portal, spans: number) => {
    const seen = activity.of(name, spans);
    const { round } = seen;
    if (round === null || round.failure === null) return seen;
    const secrets = [accessToken, refreshToken, applicationToken ?? '', settings.B24_CLIENT_SECRET];
    return { ...seen, round: { ...round, failure: redact(round.failure, secrets) } };
  };
  return () => {
    const now = performance.now();
    if (now < nextAt) return null;
    nextAt = now + EVERY_MS;
    try {
      const own = registry.list().filter(({ memberId }) => runsRounds(memberId));
      const report = writeReport(
        new Map(own.map((portal) => [portal.memberId, (spans: number) => activityOf(portal, spans)])),
        Date.now(),
      );
      nextAt = now + Math.max(EVERY_MS, (performance.now() - now) / SHARE);
      return report;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ event: 'replica.report_failed', reason });
      return null;
    }
  };
}
