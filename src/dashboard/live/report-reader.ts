import { type StoredReport } from '../../ledger/lease-book.js';
import { type PortalReport, readReport } from '../../monitoring/portal-report.js';

/** What replicas tell of portals, by replica and member id. */
export type ReplicaReports = ReadonlyMap<string, ReadonlyMap<string, PortalReport>>;

interface Read {
  readonly writtenAt: number;
  readonly portals: ReadonlyMap<string, PortalReport>;
}

/**
 * Reads each report once, though pages ask every second: a report keeps the time that was worked out first, or clocks
 * that differ a little would change the page each time.
 */
export class ReportReader {
  private reports = new Map<string, Read>();

  /** @param stored reads the stored reports, without the texts of those that were written at their `known` time */
  constructor(private readonly stored: (known: ReadonlyMap<string, number>) => Promise<StoredReport[]>) {}

  /** The reports of the replicas that are alive. */
  async read(): Promise<ReplicaReports> {
    const before = this.reports;
    const rows = await this.stored(
      new Map([...before].map(([replica, { writtenAt }]) => [replica, writtenAt])),
    );
    this.reports = new Map(
      rows.map(({ replica, writtenAt, age, text }) => {
        const known = before.get(replica);
        if (text === null && known !== undefined) return [replica, known];
        return [replica, { writtenAt, portals: readReport(text ?? '', Date.now() - Math.max(0, age)) }];
      }),
    );
    return new Map([...this.reports].map(([replica, { portals }]) => [replica, portals]));
  }
}
