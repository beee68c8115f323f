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

/** What the product promises of a figure; it is judged by the median of all runs. A missed one is said, no more. */
export interface Target {
  /** Name of a figure or ratio of the scenario. */
  readonly figure: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** The amounts of --quick are too small to judge it. */
  readonly onlyInFull?: true;
}

/** Points to draw: a figure over time, over portals, over the share of measurements. */
export interface Series {
  readonly name: string;
  readonly x: string;
  readonly y: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** What one run of a scenario measured. */
export interface Measurement {
  /** Quotients of two figures of the same run: they survive a change of machine. */
  readonly ratios: readonly Figure[];
  readonly figures: readonly Figure[];
  readonly checks: readonly Check[];
  readonly series?: readonly Series[];
  readonly profile?: ProfileSummary;
}

export interface RunOptions {
  /** Smaller amounts: shows that everything works, with rougher figures. */
  readonly quick: boolean;
  /** Where the service's CPU time goes, in scenarios that can tell. */
  readonly profile: boolean;
  /** Portals of the scenarios that have many; null = as many as each of them has of itself. */
  readonly portals: number | null;
  /** How long ordinary traffic goes on in the scenario that asks what is invented; null = as long as it does of itself. */
  readonly minutes: number | null;
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
  readonly targets?: readonly Target[];
  /** Runs at most, where one takes minutes. */
  readonly maxRuns?: number;
  run(context: RunContext): Promise<Measurement>;
}
