import { type Lease } from '../ledger/lease.js';

/** The right to act on one portal. */
export interface Grant {
  /** Null where nobody else could have it. */
  readonly lease: Lease | null;
  /** Whether it still holds. Asked right before each request leaves, so it costs nothing. */
  valid(): boolean;
  /** The database says that somebody else has it by now. */
  refused(): void;
}

/** Runs the loops of the portals that are owned. */
export interface Crew {
  /** These are ours now. */
  gained(memberIds: readonly string[]): void;
  /** Nothing more may be done to these, at once. */
  lost(memberIds: readonly string[]): void;
  /** Somebody else is to have this one: resolves when its loops have ended. */
  handOver(memberId: string): Promise<void>;
}

/** Which portals this process acts on. */
export interface Ownership {
  /** Portals owned now. */
  readonly count: number;
  /** Whether the portal is ours, be it to be handed over. */
  holds(memberId: string): boolean;
  /** What loops need to run; null where the portal is not ours, or not for long. */
  grant(memberId: string): Grant | null;
  start(crew: Crew): void;
  /** There may be portals to take, or to share with a newcomer. */
  look(): void;
  /** Takes nothing more; what is owned stays owned. */
  retire(): void;
  /** Gives everything back; the loops have ended. Never rejects. */
  leave(): Promise<void>;
}

/** A process that shares its database with no other owns every portal for ever. */
export class SoleOwner implements Ownership {
  private readonly forEver: Grant = { lease: null, valid: () => true, refused: () => undefined };

  /** @param portals member ids of all that are registered */
  constructor(private readonly portals: () => readonly string[]) {}

  get count(): number {
    return this.portals().length;
  }

  holds(): boolean {
    return true;
  }

  grant(): Grant {
    return this.forEver;
  }

  start(crew: Crew): void {
    crew.gained(this.portals());
  }

  look(): void {
    return;
  }

  retire(): void {
    return;
  }

  leave(): Promise<void> {
    return Promise.resolve();
  }
}
