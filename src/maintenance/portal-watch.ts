import { type Fleet } from '../drain/fleet.js';
import { type Ledger } from '../ledger/ledger.js';
import { type Log } from '../log.js';
import { type PortalChange, type PortalRegistry } from '../portals/registry.js';
import { Periodic } from './periodic.js';

/** The database is shared with the command line and with other replicas: what they do shows within seconds. */
const EVERY_MS = 3000;

/** What the watch tells the loops. */
export type WatchedFleet = Pick<Fleet, 'open' | 'close' | 'remove' | 'wakeUp' | 'dispatch' | 'poke'>;

/**
 * Notices what other processes changed: portals installed, uninstalled, authorized again, deliveries made due, and
 * failures recorded. Loops of portals that did not change, or whose tokens were merely renewed, are left alone.
 */
export class PortalWatch {
  private looking: Promise<void> | null = null;
  private again: Promise<void> | null = null;

  constructor(
    private readonly registry: Pick<PortalRegistry, 'refresh'>,
    private readonly ledger: Pick<Ledger, 'duePortals' | 'portalsToMark'>,
    private readonly fleet: WatchedFleet,
    private readonly settings: { readonly FAILURE_BATCH_WAIT_MS: number },
    private readonly log: Log,
  ) {}

  job(): Periodic {
    return new Periodic(
      'portal_watch',
      EVERY_MS,
      async () => {
        await this.look();
        for (const memberId of await this.ledger.duePortals()) this.fleet.dispatch(memberId);
        const failing = await this.ledger.portalsToMark(this.settings.FAILURE_BATCH_WAIT_MS);
        for (const memberId of failing) this.fleet.poke(memberId);
      },
      this.log,
    );
  }

  /** Reads the registry now. Resolves when a reading that began after the call has been followed. */
  look(): Promise<void> {
    if (this.looking === null) return (this.looking = this.read().finally(() => (this.looking = null)));
    const under = this.looking;
    return (this.again ??= under
      .catch(() => undefined)
      .then(() => {
        this.again = null;
        return this.look();
      }));
  }

  private async read(): Promise<void> {
    for (const change of await this.registry.refresh()) follow(change, this.fleet, this.log);
  }
}

/** Does what another process's change to a portal asks for. */
export function follow({ memberId, before, after }: PortalChange, fleet: WatchedFleet, log: Log): void {
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
    fleet.wakeUp(memberId);
  }
}

/**
 * An installation sets tokens and state together; a mere renewal leaves the state alone and is found by whoever is
 * told that his token has expired. A portal without authorization has nobody who would find it, and an address is
 * part of what its loops were built with.
 */
function reinstalled(
  before: NonNullable<PortalChange['before']>,
  after: NonNullable<PortalChange['after']>,
): boolean {
  if (before.state === 'uninstalled' || before.clientEndpoint !== after.clientEndpoint) return true;
  if (before.tokenRenewedAt === after.tokenRenewedAt) return false;
  return before.state === 'unauthorized' || before.stateSince !== after.stateSince;
}
