/**
 * What is known of an event's object. `read`: `object` is what it is. `gone`: the portal says that it does not exist.
 * `unreadable`: the portal does not show it to the application's user. `late`: it could not be read in time. `too_large`:
 * it was read and is left out. `unsupported`: objects of this kind cannot be read.
 */
export type StateStatus = 'read' | 'gone' | 'unreadable' | 'late' | 'too_large' | 'unsupported';

/** By field: what it was, and what it is. */
export type ChangedFields = Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>;

/** The state of an event's object, as events carry it. */
export interface EventState {
  readonly status: StateStatus;
  /** When it was asked for, RFC 3339; null where it was not. The object is as it was then, or newer. */
  readonly readAt: string | null;
  /** Its fields, as `crm.item.get` names them; null unless `read`. */
  readonly object: Readonly<Record<string, unknown>> | null;
  /**
   * What has changed since the event before, where that is kept: null where there is no event before, or the object was not
   * read. Left out where it is not kept.
   */
  readonly changed?: ChangedFields | null;
}
