/** The state of a contact that an event carries. */
export interface ArrivedState {
  readonly status: string;
  readonly objectId: string;
  /** From which of its versions to which, -1 for its first sight; null where the contact is not in it. */
  readonly told: { readonly from: number; readonly to: number } | null;
}

/** Reads it from an event's body; null where that has none. */
export function stateOf(body: Record<string, unknown>): ArrivedState | null {
  const { state } = body['data'] as {
    state?: {
      status: string;
      object: { id: unknown; sourceId: unknown } | null;
      changed: { sourceId?: { from: unknown; to: unknown } } | null;
    };
  };
  if (state === undefined) return null;
  const { status, object, changed } = state;
  if (object === null) return { status, objectId: '', told: null };
  const to = versionIn(object.sourceId);
  const from = changed === null ? -1 : changed.sourceId === undefined ? to : versionIn(changed.sourceId.from);
  return { status, objectId: String(object.id), told: { from, to } };
}

/** The version that a contact's field says; 0 for one that was never changed. */
function versionIn(sourceId: unknown): number {
  return typeof sourceId === 'string' ? Number(sourceId.slice(1)) : 0;
}
