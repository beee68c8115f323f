import { type Received } from './consumer.js';
import { type DemoPortals } from './portals.js';

/** What the consumer has got that no row of a portal's queue stands for, and what should have come. */
export interface ExtrasReport {
  /** Deals in the snapshot's own count, and in what arrived. */
  readonly snapshot: { readonly announced: number; readonly received: number } | null;
  readonly withheld: number;
  readonly found: number;
  readonly faults: readonly string[];
}

/**
 * The snapshot of one portal, and changes on it that nobody was told of: what of both has arrived. And the last deal whose
 * stage an event has told.
 */
export class Extras {
  private readonly ofSnapshot = new Set<string>();
  private announced: number | null = null;
  private readonly withheld = new Set<string>();
  private readonly found = new Map<string, number>();
  private last = '';

  /** @param portal the one that has both */
  constructor(private readonly portal: string) {}

  /** Changes deals of the portal without an event. */
  withhold(portals: DemoPortals): void {
    for (const subject of portals.named(this.portal)?.changeSilently() ?? []) this.withheld.add(subject);
  }

  received(event: Received): void {
    if (event.deal !== null) this.last = event.deal;
    if (event.origin === 'reconciled')
      this.found.set(event.subject, (this.found.get(event.subject) ?? 0) + 1);
    else if (event.origin !== 'snapshot') return;
    else if (event.snapshotCount !== null) this.announced = event.snapshotCount;
    else this.ofSnapshot.add(event.subject);
  }

  /** A deal as its last event has told it; '' before the first. */
  get lastDeal(): string {
    return this.last;
  }

  /** Whether the snapshot has come to its end, and every withheld change was found. */
  get complete(): boolean {
    return this.announced !== null && [...this.withheld].every((subject) => this.found.has(subject));
  }

  report(): ExtrasReport {
    const { announced, ofSnapshot, withheld, found } = this;
    const faults: string[] = [];
    if (announced === null) faults.push(`the snapshot of ${this.portal} did not end`);
    else if (announced !== ofSnapshot.size)
      faults.push(`snapshot: ${announced} deals says its end, ${ofSnapshot.size} received the consumer`);
    for (const subject of withheld)
      if (!found.has(subject)) faults.push(`never found: the withheld change of ${subject}`);
    for (const [subject, times] of found) {
      if (!withheld.has(subject)) faults.push(`found, and nobody withheld it: a change of ${subject}`);
      else if (times > 1) faults.push(`found ${times} times: the withheld change of ${subject}`);
    }
    return {
      snapshot: announced === null ? null : { announced, received: ofSnapshot.size },
      withheld: withheld.size,
      found: found.size,
      faults,
    };
  }
}
