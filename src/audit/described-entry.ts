import { type StoredEntry } from './entries.js';

/** An entry for programs; times are ISO 8601, what does not apply is null. */
export interface DescribedEntry {
  readonly id: number;
  readonly at: string;
  readonly actor: { readonly kind: string; readonly name: string | null; readonly address: string | null };
  readonly action: string;
  /** The portal's name at that time. */
  readonly portal: string | null;
  readonly memberId: string | null;
  readonly target: string;
  readonly count: number | null;
  readonly detail: string | null;
}

export function describeEntry(entry: StoredEntry): DescribedEntry {
  return {
    id: entry.id,
    at: new Date(entry.at).toISOString(),
    actor: { kind: entry.actor_kind, name: entry.actor_name, address: entry.actor_address },
    action: entry.action,
    portal: entry.portal,
    memberId: entry.member_id,
    target: entry.target,
    count: entry.count,
    detail: entry.detail,
  };
}
