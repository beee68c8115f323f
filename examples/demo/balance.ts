/** A change as it was made on a portal. Times everywhere in the books: milliseconds of one clock. */
export interface Change {
  /** Name of the portal, then the row's `ID`: `acme/17`. */
  readonly row: string;
  /** Name of the portal, then the `MESSAGE_ID`, which stands for one kind of event of one object. */
  readonly message: string;
  readonly at: number;
}

/** An event as the consumer got it. */
export interface Delivery {
  readonly row: string;
  readonly message: string;
  /** The event's `correlation_id`: the same for two copies of one delivery. */
  readonly correlationId: string;
  readonly at: number;
  /** The consumer reported it as failed. */
  readonly failed: boolean;
}

/** A row seen with `ERROR=1` for the first time. */
export interface Mark {
  readonly row: string;
  readonly message: string;
  readonly at: number;
}

/** A row that is left on a portal at the end. */
export interface LeftRow {
  readonly row: string;
  readonly errored: boolean;
  readonly held: boolean;
}

/** The bridge's own figures, from its metrics. Counts of deliveries. */
export interface BridgeFigures {
  readonly published: number;
  readonly processed: number;
  readonly failed: number;
  readonly lateFailed: number;
  readonly dead: number;
  readonly inFlight: number;
}

/** Everything that was written down, by three who know nothing of each other. */
export interface Books {
  /** From the portals. */
  readonly changes: readonly Change[];
  readonly marks: readonly Mark[];
  readonly left: readonly LeftRow[];
  /** Changes that a careless call threw away, one line each. */
  readonly destroyed: readonly string[];
  /** From the consumer. */
  readonly deliveries: readonly Delivery[];
  /** Of these no row of a portal's queue tells: a snapshot's, and changes that no event announced. */
  readonly unheld: readonly Delivery[];
  /** From the broker: rows whose events are in the dead-letter queue, messages left in each other queue. */
  readonly dead: readonly string[];
  readonly queues: Readonly<Record<string, number>>;
  /** From the bridge. */
  readonly bridge: BridgeFigures;
}

/** What became of everything, counted, and what is wrong with it. */
export interface Balance {
  readonly rows: number;
  readonly messages: number;
  /** Distinct ones. */
  readonly deliveries: number;
  readonly failures: number;
  /** Failures whose own row was marked. */
  readonly marked: number;
  /** Rows that were marked: fewer, as a retry that fails again is not marked again. */
  readonly markedRows: number;
  /** Failures of a row that the mark of another change of the same object took off the portal. */
  readonly markedTogether: number;
  /** Failures that came after silence had counted as success: retried without a mark. */
  readonly late: number;
  readonly retried: number;
  readonly waiting: number;
  readonly dead: number;
  /** One line each; none means that the books balance. */
  readonly faults: readonly string[];
}

/** Holds the portals' records, the consumer's and the bridge's figures against each other. Pure. */
export function balance(books: Books): Balance {
  const ledger = new Crossings(books);
  const failures = ledger.checkFailures();
  return {
    rows: ledger.rows.size,
    messages: new Set(books.changes.map((change) => change.message)).size,
    deliveries: distinct(books.deliveries).size,
    markedRows: new Set(books.marks.map((mark) => mark.row)).size,
    ...failures.counts,
    faults: [
      ...ledger.undelivered(),
      ...failures.faults,
      ...books.destroyed.map((line) => `destroyed: ${line}`),
      ...ledger.unexplainedRows(),
      ...disagreements(books),
    ],
  };
}

interface RowHistory {
  readonly message: string;
  readonly first: number;
  last: number;
}

/** The records of one run, indexed by row and by message. */
class Crossings {
  readonly rows = new Map<string, RowHistory>();
  private readonly byRow: Map<string, Delivery[]>;
  private readonly byMessage: Map<string, Delivery[]>;
  private readonly marks: Map<string, Mark[]>;
  private readonly left: Map<string, LeftRow>;
  private readonly dead: Set<string>;

  constructor(private readonly books: Books) {
    for (const { row, message, at } of books.changes) {
      const history = this.rows.get(row);
      if (history === undefined) this.rows.set(row, { message, first: at, last: at });
      else history.last = Math.max(history.last, at);
    }
    this.byRow = grouped(books.deliveries, (delivery) => delivery.row);
    this.byMessage = grouped(books.deliveries, (delivery) => delivery.message);
    this.marks = grouped(books.marks, (mark) => mark.message);
    this.left = new Map(books.left.map((row) => [row.row, row]));
    this.dead = new Set(books.dead);
  }

  /** Rows whose last change nobody was told of. */
  undelivered(): string[] {
    const faults: string[] = [];
    for (const [row, { message, last }] of this.rows) {
      if (this.byRow.get(row)?.some((delivery) => delivery.at >= last)) continue;
      // The mark of an older change takes the row along; the marked row's retry then tells of both.
      const together = this.isDisplaced(row, message, last);
      if (together && this.byMessage.get(message)?.some((delivery) => delivery.at >= last)) continue;
      const before = this.byRow.get(row)?.length ?? 0;
      faults.push(
        `not delivered: the last change of row ${row}` +
          (before > 0 ? ` (earlier ones were, ${before} times)` : ''),
      );
    }
    return faults;
  }

  checkFailures(): {
    counts: Pick<Balance, 'failures' | 'marked' | 'markedTogether' | 'late' | 'retried' | 'waiting' | 'dead'>;
    faults: string[];
  } {
    const failed = [...distinct(this.books.deliveries).values()].filter((delivery) => delivery.failed);
    const counts = {
      failures: failed.length,
      marked: 0,
      markedTogether: 0,
      late: 0,
      retried: 0,
      waiting: 0,
      dead: 0,
    };
    const faults: string[] = [];
    const unmarked: Delivery[] = [];
    for (const failure of failed) {
      const history = this.rows.get(failure.row);
      const marked = this.marks.get(failure.message)?.some((mark) => mark.row === failure.row) ?? false;
      const together = history !== undefined && this.isDisplaced(failure.row, failure.message, history.first);
      if (marked) counts.marked += 1;
      else if (together) counts.markedTogether += 1;
      else unmarked.push(failure);

      const later = (deliveries: readonly Delivery[] | undefined) =>
        deliveries?.some(
          ({ at, correlationId }) => at > failure.at && correlationId !== failure.correlationId,
        );
      const left = this.left.get(failure.row);
      if (later(this.byRow.get(failure.row)) || (together && later(this.byMessage.get(failure.message)))) {
        counts.retried += 1;
      } else if (this.dead.has(failure.row)) counts.dead += 1;
      else if (left?.errored) counts.waiting += 1;
      else faults.push(`failed and then forgotten: row ${failure.row} (${failure.correlationId})`);
    }
    // Nobody can mark a row after it was settled: as many as the bridge says came too late for it.
    const { lateFailed, processed, failed: inTime, published } = this.books.bridge;
    const tooLate = lateFailed + Math.max(0, processed + inTime - published);
    if (unmarked.length <= tooLate) counts.late = unmarked.length;
    else {
      faults.push(
        ...unmarked.map(({ row, correlationId }) => `failed and never marked: row ${row} (${correlationId})`),
      );
    }
    return { counts, faults };
  }

  unexplainedRows(): string[] {
    const faults: string[] = [];
    for (const { row, errored, held } of this.left.values()) {
      // A failed row may wait for its retry; anything else should be settled and cleared by now.
      if (errored && this.byRow.get(row)?.some((delivery) => delivery.failed)) continue;
      faults.push(
        `left on the portal: row ${row}, ${held ? 'reserved' : 'pending'}${errored ? ' and marked' : ''}`,
      );
    }
    return faults;
  }

  /** Whether another row of the object was marked when this one had already seen a change of time `at`. */
  private isDisplaced(row: string, message: string, at: number): boolean {
    return this.marks.get(message)?.some((mark) => mark.row !== row && mark.at >= at) ?? false;
  }
}

function grouped<T>(list: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of list) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** One delivery may arrive twice; where either copy was failed, it failed. */
function distinct(deliveries: readonly Delivery[]): Map<string, Delivery> {
  const byId = new Map<string, Delivery>();
  for (const delivery of deliveries) {
    if (delivery.failed || !byId.has(delivery.correlationId)) byId.set(delivery.correlationId, delivery);
  }
  return byId;
}

/** Where the bridge's figures, the queues and the consumer's record say different things. */
function disagreements({ deliveries, unheld, queues, dead, bridge }: Books): string[] {
  const faults: string[] = [];
  const received = distinct([...deliveries, ...unheld]);
  const failures = [...received.values()].filter((delivery) => delivery.failed).length;
  const compare = (what: string, byBridge: number, other: string, count: number) => {
    if (byBridge !== count) faults.push(`${what}: ${byBridge} says the bridge, ${count} ${other}`);
  };
  compare('events published', bridge.published, 'received the consumer', received.size);
  compare('failures', bridge.failed + bridge.lateFailed, 'reported the consumer', failures);
  compare('dead events', bridge.dead, 'are in the dead-letter queue', dead.length);
  const open = bridge.published - bridge.processed - bridge.failed;
  if (open > 0) faults.push(`neither settled nor failed: ${open} published events`);
  if (bridge.inFlight > 0) faults.push(`still in flight: ${bridge.inFlight} events, says the bridge`);
  for (const [queue, messages] of Object.entries(queues)) {
    if (messages > 0) faults.push(`left in queue ${queue}: ${messages} messages`);
  }
  return faults;
}
