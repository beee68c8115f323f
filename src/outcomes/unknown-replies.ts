import { type ReplyKind } from '../contract/reply.js';
import { type Outcome } from '../ledger/outcome.js';

/** A reply some of whose deliveries the ledger does not know. */
export interface UnknownReply {
  readonly kind: ReplyKind;
  readonly outcome: Outcome;
}

/** What is said of the unknown deliveries of one portal. */
interface UnknownDeliveries {
  readonly memberId: string;
  readonly deliveries: number;
  /** The first few, as `<process id>/<message id>`. */
  readonly ids: readonly string[];
  /** What the first reply was, what it said, and why. */
  readonly kind: ReplyKind;
  readonly outcome: 'processed' | 'failed';
  readonly reason: string | null;
}

const IDS_TOLD = 5;
const REASON_TOLD = 200;
/** What a portal gives its batches, and what the bridge makes where a plan has none; it is not written by chance. */
const PROCESS_ID = /^(?:[0-9a-f]{32}|journal-.+)$/i;

/** One entry a portal, in the order of the replies. Pure. */
export function unknownByPortal(
  replies: readonly UnknownReply[],
  unknownOf: ReadonlyMap<Outcome, readonly string[]>,
): UnknownDeliveries[] {
  const byPortal = new Map<string, UnknownDeliveries & { deliveries: number; ids: string[] }>();
  for (const { kind, outcome } of replies) {
    let line = byPortal.get(outcome.memberId);
    if (line === undefined) {
      const reason = outcome.reason?.slice(0, REASON_TOLD) ?? null;
      line = { memberId: outcome.memberId, deliveries: 0, ids: [], kind, outcome: outcome.outcome, reason };
      byPortal.set(outcome.memberId, line);
    }
    const messageIds = unknownOf.get(outcome) ?? [];
    line.deliveries += messageIds.length;
    line.ids.push(
      ...messageIds.slice(0, IDS_TOLD - line.ids.length).map((id) => `${outcome.processId}/${id}`),
    );
  }
  return [...byPortal.values()];
}

/**
 * Why a reply is set aside whose event the ledger does not know, though it knows the portal: a failure of an event that
 * was once a portal's, by its process id. It could not be acted on. Null for any other reply.
 */
export function lostReport({ outcome }: UnknownReply, messageIds: readonly string[]): string | null {
  if (outcome.outcome !== 'failed' || messageIds.length === 0 || !PROCESS_ID.test(outcome.processId))
    return null;
  const [first = ''] = messageIds;
  const more = messageIds.length > 1 ? ` and ${messageIds.length - 1} more` : '';
  return `the ledger does not know the event ${outcome.processId}/${first}${more} (any more), and its body did not come with the report`;
}
