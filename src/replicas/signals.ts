import { type OutcomesRecorded } from '../ledger/outcome.js';
import { type Log } from '../logging/log.js';
import { type Ownership } from './ownership.js';
import { reasonOf } from '../logging/reason.js';

/** The loops of the portals that this process owns, by member id; those of others do nothing. */
interface SignalledLoops {
  /** The portal has sent a notification. */
  notified(memberId: string): void;
  /** It may have dropped our bindings. */
  checkBindings(memberId: string): void;
  /** So many more failures are to be marked. */
  toMark(memberId: string, count: number): void;
  /** Deliveries are due. */
  dispatch(memberId: string): void;
  /** Its next round is due. */
  wake(memberId: string): void;
  /** Deliveries were settled. */
  settled(memberId: string): void;
}

interface SignalsDependencies {
  readonly loops: SignalledLoops;
  readonly ownership: Pick<Ownership, 'holds' | 'wake'>;
  /** Carries texts to the other processes; null where there are none. */
  readonly channel: { send(text: string): Promise<void> } | null;
  /** Tells our own texts from those of others. */
  readonly replica: string;
  /** The registry was changed by another process, or may have been. */
  readonly portalsChanged: () => void;
  readonly log: Log;
}

/** Signals of so many milliseconds travel together: each text is a commit of the database. */
const GATHER_MS = 20;
/** What is settled leaves its portal with a round that comes anyway, or a little later. */
const GATHER_SETTLED_MS = 1000;
/** Portals named in one text, which has to stay short. */
const PORTALS_IN_TEXT = 100;

/** What one replica has to tell the others. Short names: a text has 8,000 bytes at most. */
interface Signal {
  readonly from: string;
  /** There are other portals than before. */
  readonly portals?: boolean;
  /** Something else of the registry has changed. PostgreSQL sends both by itself, whoever writes. */
  readonly changed?: boolean;
  /** Leases are free, or a replica has come. */
  readonly leases?: boolean;
  /** Member ids of portals whose queue has gained rows. */
  readonly rounds?: readonly string[];
  readonly bindings?: readonly string[];
  /** Member ids and numbers of failures that are to be marked. */
  readonly marks?: readonly (readonly [string, number])[];
  /** Member ids of portals with deliveries that are due. */
  readonly due?: readonly string[];
  /** Member ids of portals whose next round is to come at once. */
  readonly wake?: readonly string[];
  /** Member ids of portals with deliveries that were settled. */
  readonly settled?: readonly string[];
}

/**
 * Wakes a portal's loops, wherever they run: calls and replies reach any replica, and only the owner acts. Signals
 * may get lost; what they are about is found all the same, by the watch or the next round.
 */
export class Signals {
  private readonly rounds = new Set<string>();
  private readonly bindings = new Set<string>();
  private readonly marks = new Map<string, number>();
  private readonly toDispatch = new Set<string>();
  private readonly toWake = new Set<string>();
  private readonly settled = new Set<string>();
  private portals = false;
  private leases = false;
  private timer: NodeJS.Timeout | null = null;
  private flushAt = Number.POSITIVE_INFINITY;

  constructor(private readonly deps: SignalsDependencies) {}

  /** A portal has sent a notification. */
  notified(memberId: string): void {
    if (this.deps.ownership.holds(memberId)) this.deps.loops.notified(memberId);
    else this.later(() => this.rounds.add(memberId));
  }

  /** A portal may have dropped our bindings. */
  checkBindings(memberId: string): void {
    if (this.deps.ownership.holds(memberId)) this.deps.loops.checkBindings(memberId);
    else this.later(() => this.bindings.add(memberId));
  }

  /** Replies were recorded: what is to be marked or published again is due. */
  outcomes({ toMark, failed, lateFailed, processed }: OutcomesRecorded): void {
    const { ownership, loops } = this.deps;
    for (const [memberId, count] of toMark) {
      if (ownership.holds(memberId)) loops.toMark(memberId, count);
      else this.later(() => this.marks.set(memberId, (this.marks.get(memberId) ?? 0) + count));
    }
    for (const memberId of [...failed.keys(), ...lateFailed.keys()]) {
      if (ownership.holds(memberId)) loops.dispatch(memberId);
      else this.later(() => this.toDispatch.add(memberId));
    }
    for (const memberId of processed.keys()) {
      if (ownership.holds(memberId)) loops.settled(memberId);
      else this.later(() => this.settled.add(memberId), GATHER_SETTLED_MS);
    }
  }

  /** Deliveries of these portals were made due, in the ledger or on the portal. */
  due(memberIds: Iterable<string>): void {
    const { ownership, loops } = this.deps;
    for (const memberId of memberIds) {
      if (ownership.holds(memberId)) {
        loops.dispatch(memberId);
        loops.wake(memberId);
      } else {
        this.later(() => this.toDispatch.add(memberId));
        this.later(() => this.toWake.add(memberId));
      }
    }
  }

  /** We have changed the registry. */
  portalsChanged(): void {
    this.later(() => (this.portals = true));
  }

  /** We have given leases back, or have just come. */
  leasesChanged(): void {
    this.later(() => (this.leases = true));
  }

  /** Does what another replica's text asks for. */
  receive(text: string): void {
    const signal = parse(text);
    if (signal === null || signal.from === this.deps.replica) return;
    const { loops, ownership } = this.deps;
    if (signal.portals === true || signal.changed === true) this.deps.portalsChanged();
    if (signal.portals === true || signal.leases === true) ownership.wake();
    for (const memberId of signal.rounds ?? []) loops.notified(memberId);
    for (const memberId of signal.bindings ?? []) loops.checkBindings(memberId);
    for (const [memberId, count] of signal.marks ?? []) loops.toMark(memberId, count);
    for (const memberId of signal.due ?? []) loops.dispatch(memberId);
    for (const memberId of signal.wake ?? []) loops.wake(memberId);
    for (const memberId of signal.settled ?? []) loops.settled(memberId);
  }

  /** Sends what is gathered. */
  async flush(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.flushAt = Number.POSITIVE_INFINITY;
    const { channel, log } = this.deps;
    if (channel === null) return;
    try {
      for (const text of this.take()) await channel.send(text);
    } catch (error) {
      log.debug({ event: 'signals.lost', reason: reasonOf(error) });
    }
  }

  private later(note: () => void, withinMs = GATHER_MS): void {
    if (this.deps.channel === null) return;
    note();
    const at = performance.now() + withinMs;
    if (at >= this.flushAt) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.flushAt = at;
    this.timer = setTimeout(() => void this.flush(), withinMs);
  }

  private take(): string[] {
    const rounds = pages([...this.rounds]);
    const bindings = pages([...this.bindings]);
    const marks = pages([...this.marks]);
    const due = pages([...this.toDispatch]);
    const wake = pages([...this.toWake]);
    const settled = pages([...this.settled]);
    const texts: string[] = [];
    const add = (signal: Omit<Signal, 'from'>) =>
      texts.push(JSON.stringify({ from: this.deps.replica, ...signal }));
    if (this.portals || this.leases) add({ portals: this.portals, leases: this.leases });
    for (const page of rounds) add({ rounds: page });
    for (const page of bindings) add({ bindings: page });
    for (const page of marks) add({ marks: page });
    for (const page of due) add({ due: page });
    for (const page of wake) add({ wake: page });
    for (const page of settled) add({ settled: page });
    for (const gathered of [
      this.rounds,
      this.bindings,
      this.marks,
      this.toDispatch,
      this.toWake,
      this.settled,
    ])
      gathered.clear();
    this.portals = false;
    this.leases = false;
    return texts;
  }
}

function pages<T>(list: readonly T[]): T[][] {
  const all: T[][] = [];
  for (let start = 0; start < list.length; start += PORTALS_IN_TEXT) {
    all.push(list.slice(start, start + PORTALS_IN_TEXT));
  }
  return all;
}

/** Null for what is no signal: any client may write into a database's channel, another version of this bridge too. */
function parse(text: string): Signal | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const fields = value as Readonly<Record<string, unknown>>;
  const words = (list: unknown) =>
    Array.isArray(list) ? list.filter((word): word is string => typeof word === 'string') : [];
  const counts = (list: unknown) =>
    (Array.isArray(list) ? (list as unknown[]) : []).flatMap((pair): [string, number][] => {
      const [memberId, count] = Array.isArray(pair) ? (pair as unknown[]) : [];
      return typeof memberId === 'string' && typeof count === 'number' ? [[memberId, count]] : [];
    });
  return {
    from: String(fields['from']),
    portals: fields['portals'] === true,
    changed: fields['changed'] === true,
    leases: fields['leases'] === true,
    rounds: words(fields['rounds']),
    bindings: words(fields['bindings']),
    marks: counts(fields['marks']),
    due: words(fields['due']),
    wake: words(fields['wake']),
    settled: words(fields['settled']),
  };
}
