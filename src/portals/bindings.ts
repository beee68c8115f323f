/** One entry of `event.get`. */
export interface Binding {
  readonly event: string;
  readonly offline: boolean;
  /** Source key of an offline binding; '' without one. */
  readonly connectorId: string;
  /** Address of an online binding. */
  readonly handler: string | null;
}

/** What is to be bound and unbound on a portal. */
export interface BindingChanges {
  readonly bind: readonly string[];
  readonly unbind: readonly string[];
  /** Handlers of ONOFFLINEEVENT: ours to add, and ours of an earlier address to remove. */
  readonly bindNotification: string | null;
  readonly unbindNotification: string | null;
}

/** What the settings ask for. */
export interface WantedBindings {
  readonly events: readonly string[];
  readonly connectorId: string;
  /** Where notifications are to be sent; null without a public address. */
  readonly notificationHandler: string | null;
  /**
   * Where we remember to have had them sent. An address is ours only when we bound it ourselves: another service
   * with the same keys may well have the same path under another host.
   */
  readonly formerHandler: string | null;
}

/**
 * What is bound under a source key that the portal had before and can be unbound: events that are not wanted any more,
 * and those that are bound under the present key. An event that the portal does not bind there stays as it is, since
 * its changes would be in no queue. Pure.
 * @param boundNow offline events bound under the present key
 */
export function formerBindings(
  bound: readonly Binding[],
  key: string,
  wantedEvents: readonly string[],
  boundNow: ReadonlySet<string>,
): { readonly unbind: readonly string[]; readonly keep: readonly string[] } {
  const wanted = new Set(wantedEvents.map((event) => event.toUpperCase()));
  const there = bound.filter((entry) => entry.offline && entry.connectorId === key).map(({ event }) => event);
  const replaced = (event: string) => !wanted.has(event) || boundNow.has(event);
  return { unbind: there.filter(replaced), keep: there.filter((event) => !replaced(event)) };
}

/** More bindings than any application has, and longer texts than any of theirs. */
const MOST_BINDINGS = 5000;
const LONGEST_TEXT = 500;

/** Reads an answer of `event.get`, leniently: what is not a binding, or cannot be a portal's, is left out. */
export function parseBindings(value: unknown): Binding[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MOST_BINDINGS).flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { event, offline, connector_id: connectorId, handler } = entry as Record<string, unknown>;
    if (typeof event !== 'string') return [];
    if ([event, connectorId, handler].some((text) => typeof text === 'string' && text.length > LONGEST_TEXT))
      return [];
    return [
      {
        event: event.toUpperCase(),
        offline: Number(offline) === 1,
        connectorId: typeof connectorId === 'string' ? connectorId : '',
        handler: typeof handler === 'string' && handler !== '' ? handler : null,
      },
    ];
  });
}

/**
 * Compares what is bound with what is wanted. Ours are the offline bindings under our own source key; everything
 * else on the portal is left alone. Pure.
 */
export function reconcileBindings(bound: readonly Binding[], wanted: WantedBindings): BindingChanges {
  const ours = new Set(
    bound
      .filter((entry) => entry.offline && entry.connectorId === wanted.connectorId)
      .map((entry) => entry.event),
  );
  const events = new Set(wanted.events.map((event) => event.toUpperCase()));
  const { notificationHandler: handler, formerHandler: former } = wanted;
  const notifies = (address: string) =>
    bound.some((entry) => !entry.offline && entry.event === 'ONOFFLINEEVENT' && entry.handler === address);
  return {
    bind: [...events].filter((event) => !ours.has(event)),
    unbind: [...ours].filter((event) => !events.has(event)),
    bindNotification: handler === null || notifies(handler) ? null : handler,
    unbindNotification: former !== null && former !== handler && notifies(former) ? former : null,
  };
}
