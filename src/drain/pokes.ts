import { type OutcomesRecorded } from '../ledger/record-outcomes.js';
import { type Log } from '../log.js';
import { type Fleet } from './fleet.js';
import { type Ownership } from './ownership.js';

/** Carries texts to the other processes; none where there are no others. */
export interface PokeLine {
  send(text: string): Promise<void>;
}

export interface PokesDependencies {
  readonly fleet: Pick<Fleet, 'announced' | 'checkBindings' | 'toMark' | 'dispatch' | 'poke' | 'settled'>;
  readonly ownership: Pick<Ownership, 'holds' | 'look'>;
  readonly line: PokeLine | null;
  /** Tells our own texts from those of others. */
  readonly replica: string;
  /** The registry was changed by another process, or may have been. */
  readonly portalsChanged: () => void;
  readonly log: Log;
}

/** Pokes of so many milliseconds travel together: each text is a commit of the database. */
const GATHER_MS = 20;
/** What is settled leaves its portal with a round that comes anyway, or a little later. */
const GATHER_SETTLED_MS = 1000;
/** Portals named in one text, which has to stay short. */
const PORTALS_IN_TEXT = 100;

/** What one replica has to tell the others. Short names: a text has 8,000 bytes at most. */
interface Poke {
  readonly from: string;
  /** The registry has changed. */
  readonly portals?: boolean;
  /** Leases are free, or a replica has come. */
  readonly leases?: boolean;
  /** Member ids of portals whose queue has gained rows. */
  readonly rounds?: readonly string[];
  readonly bindings?: readonly string[];
  /** Member ids and numbers of failures that are to be marked. */
  readonly marks?: readonly (readonly [string, number])[];
  /** Member ids of portals with deliveries that are due. */
  readonly due?: readonly string[];
  /** Member ids of portals with deliveries that were settled. */
  readonly settled?: readonly string[];
}

/**
 * Hastens a portal's loops, wherever they run: calls and replies reach any replica, and only the owner acts. Pokes
 * may get lost; what they hasten is found all the same, by the watch or the next round.
 */
export class Pokes {
  private readonly rounds = new Set<string>();
  private readonly bindings = new Set<string>();
  private readonly marks = new Map<string, number>();
  private readonly due = new Set<string>();
  private readonly settled = new Set<string>();
  private portals = false;
  private leases = false;
  private timer: NodeJS.Timeout | null = null;
  private flushAt = Number.POSITIVE_INFINITY;

  constructor(private readonly deps: PokesDependencies) {}

  /** A portal has announced new events. */
  announced(memberId: string): void {
    if (this.deps.ownership.holds(memberId)) this.deps.fleet.announced(memberId);
    else this.later(() => this.rounds.add(memberId));
  }

  /** A portal may have dropped our bindings. */
  checkBindings(memberId: string): void {
    if (this.deps.ownership.holds(memberId)) this.deps.fleet.checkBindings(memberId);
    else this.later(() => this.bindings.add(memberId));
  }

  /** Replies were recorded: what is to be marked or published again is due. */
  outcomes({ toMark, failed, lateFailed, processed }: OutcomesRecorded): void {
    const { ownership, fleet } = this.deps;
    for (const [memberId, count] of toMark) {
      if (ownership.holds(memberId)) fleet.toMark(memberId, count);
      else this.later(() => this.marks.set(memberId, (this.marks.get(memberId) ?? 0) + count));
    }
    for (const memberId of [...failed.keys(), ...lateFailed.keys()]) {
      if (ownership.holds(memberId)) fleet.dispatch(memberId);
      else this.later(() => this.due.add(memberId));
    }
    for (const memberId of processed.keys()) {
      if (ownership.holds(memberId)) fleet.settled(memberId);
      else this.later(() => this.settled.add(memberId), GATHER_SETTLED_MS);
    }
  }

  /** Somebody made deliveries of these portals due, in the ledger or on the portal. */
  hasten(memberIds: Iterable<string>): void {
    const { ownership, fleet } = this.deps;
    for (const memberId of memberIds) {
      if (ownership.holds(memberId)) {
        fleet.dispatch(memberId);
        fleet.poke(memberId);
      } else {
        this.later(() => this.due.add(memberId));
        this.later(() => this.settled.add(memberId));
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
    const poke = parse(text);
    if (poke === null || poke.from === this.deps.replica) return;
    const { fleet, ownership } = this.deps;
    if (poke.portals === true) this.deps.portalsChanged();
    if (poke.portals === true || poke.leases === true) ownership.look();
    for (const memberId of poke.rounds ?? []) fleet.announced(memberId);
    for (const memberId of poke.bindings ?? []) fleet.checkBindings(memberId);
    for (const [memberId, count] of poke.marks ?? []) fleet.toMark(memberId, count);
    for (const memberId of poke.due ?? []) fleet.dispatch(memberId);
    for (const memberId of poke.settled ?? []) fleet.settled(memberId);
  }

  /** Sends what is gathered. */
  async flush(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.flushAt = Number.POSITIVE_INFINITY;
    const { line, log } = this.deps;
    if (line === null) return;
    try {
      for (const text of this.take()) await line.send(text);
    } catch (error) {
      log.debug({ event: 'pokes.lost', reason: error instanceof Error ? error.message : String(error) });
    }
  }

  private later(note: () => void, withinMs = GATHER_MS): void {
    if (this.deps.line === null) return;
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
    const due = pages([...this.due]);
    const settled = pages([...this.settled]);
    const texts: string[] = [];
    const add = (poke: Omit<Poke, 'from'>) =>
      texts.push(JSON.stringify({ from: this.deps.replica, ...poke }));
    if (this.portals || this.leases) add({ portals: this.portals, leases: this.leases });
    for (const page of rounds) add({ rounds: page });
    for (const page of bindings) add({ bindings: page });
    for (const page of marks) add({ marks: page });
    for (const page of due) add({ due: page });
    for (const page of settled) add({ settled: page });
    for (const gathered of [this.rounds, this.bindings, this.marks, this.due, this.settled]) gathered.clear();
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

/** Null for what is no poke: anybody may write into a database's channel, another version of ours too. */
function parse(text: string): Poke | null {
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
    leases: fields['leases'] === true,
    rounds: words(fields['rounds']),
    bindings: words(fields['bindings']),
    marks: counts(fields['marks']),
    due: words(fields['due']),
    settled: words(fields['settled']),
  };
}
