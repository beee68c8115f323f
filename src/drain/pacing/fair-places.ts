/** How much one portal has used places lately. */
export interface Account {
  /** Seconds, from any origin; {@link FairPlaces} counts them. */
  usedUpTo: number;
}

interface Waiting {
  readonly turn: number;
  readonly go: () => void;
}

/**
 * A number of places, shared fairly: the next place goes to the waiting portal that has held places for the least time
 * lately, among equals to the first to come (start-time fair queueing). A portal that comes rarely stands before those
 * that hold places all the time, and none waits for ever.
 */
export class FairPlaces {
  private held = 0;
  /** Sorted by turn. */
  private readonly queue: Waiting[] = [];
  /** The turn of the portal that got a place last: one that was away for long begins there. */
  private current = 0;

  /** @param limit places for those that wait; {@link seize} takes more */
  constructor(private readonly limit: number) {}

  /** Places that are held. */
  get taken(): number {
    return this.held;
  }

  /** How many wait for a place. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Waits for a place. Resolves with false, and without one, when `signal` aborts first. */
  take(account: Account, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    const turn = Math.max(this.current, account.usedUpTo);
    if (this.held < this.limit) {
      this.begin(turn);
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const waiting: Waiting = {
        turn,
        go: () => {
          signal.removeEventListener('abort', gone);
          this.begin(turn);
          resolve(true);
        },
      };
      const gone = () => {
        this.queue.splice(this.queue.indexOf(waiting), 1);
        resolve(false);
      };
      this.queue.splice(this.positionOf(turn), 0, waiting);
      signal.addEventListener('abort', gone, { once: true });
    });
  }

  /** Takes a place at once, beyond the limit if need be. */
  seize(): void {
    this.held += 1;
  }

  /** Gives a place back that was held for so many seconds. */
  release(account: Account, seconds: number): void {
    account.usedUpTo = Math.max(this.current, account.usedUpTo) + seconds;
    this.held -= 1;
    while (this.held < this.limit && this.queue.length > 0) this.queue.shift()?.go();
  }

  private begin(turn: number): void {
    this.held += 1;
    this.current = Math.max(this.current, turn);
  }

  /** Behind all whose turn is not later. */
  private positionOf(turn: number): number {
    let [low, high] = [0, this.queue.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.queue[middle]?.turn ?? Number.POSITIVE_INFINITY) <= turn) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
