interface Group {
  readonly rules: readonly { readonly alert: string; readonly expr: string }[];
}

/** The figures that the rules have, by name. */
export function thresholdsIn(groups: readonly Group[]): Record<string, number>;

/** The same rules with other figures. @throws Error for a name that is none */
export function withThresholds<G extends Group>(
  groups: readonly G[],
  figures: Readonly<Record<string, number>>,
): G[];
