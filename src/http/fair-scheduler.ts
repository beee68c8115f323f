/** What work is for: reading bytes as requests; answering requests, by what they ask for. */
export type Lane = 'bytes' | 'liveness' | 'operator' | 'others';

/** Of each of these one request is begun in an iteration of the event loop. */
const REQUESTS = ['liveness', 'operator', 'others'] as const;

/** Reading requests is quick: several connections are read in one iteration, for this long. */
const BYTES_MS = 2;

/**
 * Bounds the work in one iteration of the event loop: one request of each lane is begun, and bytes are read for
 * {@link BYTES_MS}. So no connection waits for more than one piece of work of each other connection, and operators'
 * requests do not wait for those that any client may send.
 */
export class FairScheduler {
  private readonly lanes: Readonly<Record<Lane, (() => void)[]>> = {
    bytes: [],
    liveness: [],
    operator: [],
    others: [],
  };
  private scheduled = false;

  /** Calls `work` when its lane's turn comes; never before this returns. */
  schedule(lane: Lane, work: () => void): void {
    this.lanes[lane].push(work);
    this.wake();
  }

  private wake(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.run();
    });
  }

  private run(): void {
    const { bytes } = this.lanes;
    try {
      const until = performance.now() + BYTES_MS;
      // A connection with more to read goes to the end of the queue.
      for (let left = bytes.length; left > 0; left -= 1) {
        bytes.shift()?.();
        if (performance.now() >= until) break;
      }
      for (const lane of REQUESTS) this.lanes[lane].shift()?.();
    } finally {
      if (Object.values(this.lanes).some(({ length }) => length > 0)) this.wake();
    }
  }
}
