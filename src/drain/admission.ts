import { Slots } from './slots.js';

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
  private readonly slots: Slots;

  constructor(private readonly options: AdmissionOptions) {
    this.slots = new Slots(options.limit);
  }

  /** Rounds that wait. */
  get waiting(): number {
    return this.slots.waiting;
  }

  /** Waits for a place, or until `signal` aborts; resolves with what gives the place back. */
  async enter(signal: AbortSignal): Promise<Leave> {
    if (!(await this.slots.take(signal))) return () => undefined;
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      clearTimeout(impatient);
      this.slots.release();
    };
    const impatient = setTimeout(leave, this.options.patienceMs);
    return leave;
  }
}
