import { type Cleanup } from './support/cleanup.js';
import { type ProfileSummary } from './support/profile.js';

/** One number that a run measured. */
export interface Figure {
  /** Stable between runs and versions: reports are compared by it. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** Something that has to hold whatever the machine's speed; a failed one fails the benchmark. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was measured, in words. */
  readonly found: string;
}

/** What one run of a scenario measured. */
export interface Measurement {
  /** Quotients of two figures of the same run: they survive a change of machine. */
  readonly ratios: readonly Figure[];
  readonly figures: readonly Figure[];
  readonly checks: readonly Check[];
  readonly profile?: ProfileSummary;
}

export interface RunOptions {
  /** Smaller amounts: shows that everything works, with rougher figures. */
  readonly quick: boolean;
  /** Where the service's CPU time goes, in scenarios that can tell. */
  readonly profile: boolean;
  /** Portals of the scenarios that have many. */
  readonly portals: number;
}

/** What a run is given. */
export interface RunContext extends RunOptions {
  /** Whatever the run starts or creates is undone here. */
  readonly cleanup: Cleanup;
  readonly say: (line: string) => void;
}

/** One scenario: a file under `scenarios/`, listed in the registry. */
export interface Scenario {
  readonly name: string;
  /** One line. */
  readonly title: string;
  /** How the figures come about, for whoever reads the report. */
  readonly method: readonly string[];
  run(context: RunContext): Promise<Measurement>;
}
