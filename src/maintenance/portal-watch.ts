import { type Fleet } from '../drain/loop/fleet.js';
import { type Ledger } from '../ledger/ledger.js';
import { type Log } from '../logging/log.js';
import { type PortalChange } from '../portals/registry-reread.js';
import { type PortalRegistry } from '../portals/registry.js';
import { sayPaused, sayResumed } from '../portals/pauses.js';
import { reasonOf } from '../logging/reason.js';
import { Periodic } from './periodic.js';

/** The database is shared with the command line and with other replicas: what they do shows within seconds. */
const EVERY_MS = 3000;
/**
 * A loop knows when what it has marked is due, and not that the command line has made it due before. One that cannot be
 * fetched is not asked for again and again.
 */
const LATELY_MS = 10_000;

/** What the watch tells the loops. */
type WatchedFleet = Pick<
  Fleet,
  'open' | 'close' | 'renamed' | 'remove' | 'endPause' | 'paused' | 'dispatch' | 'retryRefused' | 'wake'
>;

/**
 * Notices what other processes changed: portals installed, uninstalled, authorized again, deliveries made due, and
 * failures recorded. Loops of portals that did not change, or whose tokens were merely renewed, are left alone.
 */
export class PortalWatch {
  private refreshing: Promise<void> | null = null;
  private again: Promise<void> | null = null;

  constructor(
    private readonly registry: Pick<PortalRegistry, 'refresh'>,
    private readonly ledger: Pick<
      Ledger,
      'duePortals' | 'refusedPortals' | 'portalsToMark' | 'portalsToFetch'
    >,
    private readonly fleet: WatchedFleet,
    private readonly settings: { readonly FAILURE_BATCH_WAIT_MS: number },
    /** Whose loops these are, where others have portals too. */
    private readonly replica: string | null,
    private readonly log: Log,
  ) {}

  job(): Periodic {
    return new Periodic(
      'portal_watch',
      EVERY_MS,
      async () => {
        const { ledger, fleet, replica } = this;
        await this.refresh();
        for (const memberId of await ledger.duePortals(replica)) fleet.dispatch(memberId);
        for (const memberId of await ledger.refusedPortals(replica)) fleet.retryRefused(memberId);
        const failing = await ledger.portalsToMark(this.settings.FAILURE_BATCH_WAIT_MS, replica);
        for (const memberId of failing) fleet.wake(memberId);
        for (const memberId of await ledger.portalsToFetch(LATELY_MS, replica)) fleet.wake(memberId);
      },
      this.log,
    );
  }

  /** {@link refresh}, which the log tells of where it fails: the next one makes up for it. Never rejects. */
  async refreshQuietly(): Promise<void> {
    await this.refresh().catch((error: unknown) => {
      this.log.warn({ event: 'maintenance.failed', job: 'portal_watch', reason: reasonOf(error) });
    });
  }

  /** Reads the registry now. Resolves when a reading that began after the call has been followed. */
  refresh(): Promise<void> {
    if (this.refreshing === null)
      return (this.refreshing = this.read().finally(() => (this.refreshing = null)));
    const under = this.refreshing;
    return (this.again ??= under
      .catch(() => undefined)
      .then(() => {
        this.again = null;
        return this.refresh();
      }));
  }

  private async read(): Promise<void> {
    const changes = await this.registry.refresh();
    followNames(changes, this.fleet, this.log);
    for (const change of changes) {
      follow(change, this.fleet, this.log);
      followPause(change, this.fleet, this.log);
    }
  }
}

/** A name is in routing keys and metrics: portals that have another one are opened anew, before anything else. */
function followNames(changes: readonly PortalChange[], fleet: WatchedFleet, log: Log): void {
  const renamed: { memberId: string; former: string }[] = [];
  for (const { memberId, before, after } of changes) {
    if (before === undefined || after === undefined || before.name === after.name) continue;
    renamed.push({ memberId, former: before.name });
    log.warn({
      event: 'portal.renamed',
      portal: after.name,
      memberId,
      former: before.name,
      advice: `its events have routing keys ${after.name}.# from now on`,
    });
  }
  if (renamed.length > 0) fleet.renamed(renamed);
}

/** Does what another process's change to a portal asks for. */
function follow({ memberId, before, after }: PortalChange, fleet: WatchedFleet, log: Log): void {
  const said = (change: string) =>
    log.info({ event: 'portal.changed_elsewhere', portal: (after ?? before)?.name ?? memberId, change });
  if (after === undefined) {
    said('removed');
    fleet.remove(memberId);
  } else if (before === undefined) {
    said('installed');
    fleet.open(memberId);
  } else if (after.state === 'uninstalled') {
    if (before.state === 'uninstalled') return;
    said('uninstalled');
    fleet.close(memberId);
  } else if (reinstalled(before, after)) {
    said('installed again');
    fleet.open(memberId);
  } else if (before.state !== after.state) {
    said(after.state);
    fleet.endPause(memberId);
  }
}

/** Another process has paused a portal, or has ended that. */
function followPause({ before, after }: PortalChange, fleet: WatchedFleet, log: Log): void {
  if (after === undefined) return;
  const { memberId, name: portal, paused } = after;
  const was = before?.paused ?? null;
  if (paused !== null && paused.since !== was?.since) {
    sayPaused(log, portal, paused);
    fleet.paused(memberId);
  } else if (paused === null && was !== null) {
    sayResumed(log, portal, was, null);
    fleet.endPause(memberId);
  }
}

/**
 * Whether a portal was installed again, so that its loops are opened anew. An installation sets tokens and state
 * together. A mere renewal of tokens leaves the state alone; the loops read the new tokens when their own are refused.
 * The loops of a portal without authorization ask for nothing, so there new tokens alone count. The loops are built with
 * the address, so another one counts, too.
 */
function reinstalled(
  before: NonNullable<PortalChange['before']>,
  after: NonNullable<PortalChange['after']>,
): boolean {
  if (before.state === 'uninstalled' || before.clientEndpoint !== after.clientEndpoint) return true;
  if (before.tokenRenewedAt === after.tokenRenewedAt) return false;
  return before.state === 'unauthorized' || before.stateSince !== after.stateSince;
}
