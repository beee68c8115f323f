import { type StoredReport } from '../ledger/lease-book.js';
import { type PortalReport, readReport } from '../monitoring/replica-report.js';

/** What replicas tell of portals, by replica and member id. */
export type ReplicaReports = ReadonlyMap<string, ReadonlyMap<string, PortalReport>>;

interface Read {
  readonly writtenAt: number;
  readonly portals: ReadonlyMap<string, PortalReport>;
}

/** Reads each report once: it is asked every second, and a page may not change because clocks are never quite the same. */
export class ReportReader {
  private reports = new Map<string, Read>();

  /** @param stored reads what is stored, without the texts of those that are `known` to be of that time */
  constructor(private readonly stored: (known: ReadonlyMap<string, number>) => Promise<StoredReport[]>) {}

  /** What the replicas that are alive tell. */
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
