/** By which way an action came. `portal` and `bridge` are no people: a portal that installs us, and the service itself. */
export const ACTOR_KINDS = ['dashboard', 'api', 'cli', 'module', 'portal', 'bridge'] as const;
export type ActorKind = (typeof ACTOR_KINDS)[number];

/** Who did something. */
export interface Actor {
  readonly kind: ActorKind;
  /**
   * The user that the proxy names, the name of an API token, the user of the operating system (`alice@host`), what a
   * module's caller says, a portal's address. Null where that is not known: a dashboard with one password for all.
   */
  readonly name: string | null;
  /** Address that the request came from; without one where there was no request. */
  readonly address?: string | undefined;
}

/** The service itself, by one of its settings. */
export const BRIDGE: Actor = { kind: 'bridge', name: null };

/** Who it was, for a sentence: the name, or the way it came where there is none. */
export function actorWords({ kind, name }: Actor): string {
  if (name === null) return kind;
  return kind === 'api' ? `${name} (API)` : name;
}
