/**
 * For how long nothing was heard of deliveries. Only the time in which the reply queue was being read counts: what
 * waits in it while the bridge is stopped or cut off from the broker is no silence.
 */
export interface Silence {
  /**
   * How long ago a delivery must have been published to have been silent for long enough, were everything that is in
   * the queue known, ms; Infinity where none can have been.
   */
  age(): number;
  /** The same, by what is known to have been in the queue: reads it up to now, where that is soon done. Never rejects. */
  heardAge(): Promise<number>;
  /** How much longer a delivery that was published `ageMs` ago has to be silent, ms. */
  remaining(ageMs: number): number;
}
