/** How much one portal has used places lately. */
export interface Account {
  /** Seconds, from any origin; {@link FairPlaces} counts them. */
  usedUpTo: number;
}

interface Waiting {
  readonly turn: number;
  readonly places: number;
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

  /** @param limit places for those that wait; {@link takeBeyondLimit} takes more */
  constructor(private readonly limit: number) {}

  /** Places that are held. */
  get taken(): number {
    return this.held;
  }

  /** How many wait for a place. */
  get waiting(): number {
    return this.queue.length;
  }

  /**
   * Waits for so many places at once; more than there are count as all of them. Resolves with false, and without any,
   * when `signal` aborts first.
   */
  take(account: Account, signal: AbortSignal, places = 1): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    const turn = Math.max(this.current, account.usedUpTo);
    if (this.queue.length === 0 && this.fits(places)) {
      this.begin(turn, places);
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const waiting: Waiting = {
        turn,
        places,
        go: () => {
          signal.removeEventListener('abort', gone);
          this.begin(turn, places);
          resolve(true);
        },
      };
      const gone = () => {
        this.queue.splice(this.queue.indexOf(waiting), 1);
        resolve(false);
        this.admit();
      };
      this.queue.splice(this.positionOf(turn), 0, waiting);
      signal.addEventListener('abort', gone, { once: true });
    });
  }

  /** Takes a place at once, beyond the limit if need be. */
  takeBeyondLimit(): void {
    this.held += 1;
  }

  /** Gives places back that were held for so many seconds. */
  release(account: Account, seconds: number, places = 1): void {
    account.usedUpTo = Math.max(this.current, account.usedUpTo) + seconds * places;
    this.held -= places;
    this.admit();
  }

  /** Those behind one that needs more places than are free wait with it: else it might wait for ever. */
  private admit(): void {
    for (let next = this.queue[0]; next !== undefined && this.fits(next.places); next = this.queue[0]) {
      this.queue.shift();
      next.go();
    }
  }

  private fits(places: number): boolean {
    return this.held === 0 || this.held + places <= this.limit;
  }

  private begin(turn: number, places: number): void {
    this.held += places;
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
