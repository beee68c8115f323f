import { type Lease } from '../ledger/lease.js';

/** The right to act on one portal. */
export interface Permit {
  /** Null where no other replica could have it. */
  readonly lease: Lease | null;
  /** Whether it still holds. Asked right before each request leaves, so it costs nothing. */
  valid(): boolean;
  /** The database says that another replica has it by now. */
  refused(): void;
}

/** Runs the loops of the portals that are owned. */
export interface PortalLoops {
  /** These are ours now. */
  gained(memberIds: readonly string[]): void;
  /** Nothing more may be done to these, at once. */
  lost(memberIds: readonly string[]): void;
  /** Another replica is to have this one: resolves when its loops have ended. */
  handOver(memberId: string): Promise<void>;
}

/** What a replica tells the others. */
export interface ReplicaListener {
  /** Leases are free, or this replica has come. */
  leasesChanged(): void;
  /** What to tell of the portals that run here, with the next heartbeat; null where that is nothing new. */
  report(): string | null;
}

/** Which portals this process acts on. */
export interface Ownership {
  /** Portals owned now. */
  readonly count: number;
  /** Whether the portal is ours, be it to be handed over. */
  holds(memberId: string): boolean;
  /** What loops need to run; null where the portal is not ours, or not for long. */
  permit(memberId: string): Permit | null;
  /** From now on portals are owned, and these loops run. */
  start(loops: PortalLoops, listener: ReplicaListener): void;
  /** There may be portals to take, or to share with a newcomer. */
  wake(): void;
  /** Takes nothing more; what is owned stays owned. */
  retire(): void;
  /** Gives everything back; the loops have ended. Never rejects. */
  leave(): Promise<void>;
}

/** A process that shares its database with no other owns every portal for ever. */
export class SoleOwner implements Ownership {
  private readonly forEver: Permit = { lease: null, valid: () => true, refused: () => undefined };

  /** @param portals member ids of all that are registered */
  constructor(private readonly portals: () => readonly string[]) {}

  get count(): number {
    return this.portals().length;
  }

  holds(): boolean {
    return true;
  }

  permit(): Permit {
    return this.forEver;
  }

  start(loops: PortalLoops): void {
    loops.gained(this.portals());
  }

  wake(): void {
    return;
  }

  retire(): void {
    return;
  }

  leave(): Promise<void> {
    return Promise.resolve();
  }
}
