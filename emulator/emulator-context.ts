import { type FaultSet } from './faults.js';
import { type Authority } from './oauth.js';

/** What a portal needs of the emulator around it. */
export interface EmulatorContext {
  /** Of the application that the tokens are given to. */
  readonly clientId: string;
  readonly authority: Authority;
  readonly now: () => number;
  /** Faults of the emulator as a whole. */
  readonly faults: FaultSet;
  readonly clientEndpoint: (site: string | null) => string;
  readonly serverEndpoint: () => string;
}
