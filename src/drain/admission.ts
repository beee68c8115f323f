/** Gives an admission back; a second call does nothing. */
export type Leave = () => void;

export interface AdmissionOptions {
  /** Rounds under way at once. */
  readonly limit: number;
  /** A round that takes longer no longer counts, ms: portals that hang must not keep the others waiting. */
  readonly patienceMs: number;
}

/**
 * Lets a limited number of rounds be under way at once, over all portals, first come first served: answers that are
 * still to be written are what a process with many portals needs its memory for.
 */
export class Admission {
  private inside = 0;
  private readonly queue: (() => void)[] = [];

  constructor(private readonly options: AdmissionOptions) {}

  /** Rounds that wait. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Waits for a place, or until `signal` aborts; resolves with what gives the place back. */
  async enter(signal: AbortSignal): Promise<Leave> {
    if (this.inside < this.options.limit) this.inside += 1;
    else if (!(await this.turn(signal))) return () => undefined;
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      clearTimeout(impatient);
      // The place goes from hand to hand, so that nobody who comes later slips in.
      const next = this.queue.shift();
      if (next === undefined) this.inside -= 1;
      else next();
    };
    const impatient = setTimeout(leave, this.options.patienceMs);
    return leave;
  }

  /** Whether a place was given; false when `signal` aborted first. */
  private turn(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve(false);
        return;
      }
      const given = () => {
        signal.removeEventListener('abort', gone);
        resolve(true);
      };
      const gone = () => {
        this.queue.splice(this.queue.indexOf(given), 1);
        resolve(false);
      };
      this.queue.push(given);
      signal.addEventListener('abort', gone, { once: true });
    });
  }
}
