import { type Link, ROOT_CONTEXT, SpanKind, type Tracer } from '@opentelemetry/api';
import { type LedgerChange } from '../ledger/ledger-change.js';
import { beneath, deliveryRoot, startRoot } from './delivery-trace.js';
import { activeTracer, harmless } from './tracer.js';

/** One round that is in the ledger now; times in Unix ms. */
interface TracedRound {
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly writtenAt: number;
  readonly changes: readonly LedgerChange[];
}

/**
 * Adds a round that reserved, marked or cleared something: a trace of its own, and in the trace of every delivery
 * that it reserved or marked a span that links to it.
 */
export function traceRound(memberId: string, portal: string, round: TracedRound): void {
  const tracer = activeTracer();
  if (tracer === null) return;
  harmless(() => {
    const count = { reserved: 0, marked: 0, cleared: 0 };
    for (const change of round.changes) {
      if (change.type === 'reserved') count.reserved += change.batch.events.length;
      else if (change.type === 'marked') count.marked += change.messageIds.length;
      else if (change.type === 'cleared') count.cleared += change.rowIds.length;
    }
    if (count.reserved + count.marked + count.cleared === 0) return;
    const span = tracer.startSpan(
      'bridge round',
      {
        root: true,
        kind: SpanKind.CLIENT,
        startTime: round.sentAt,
        attributes: {
          'bitrix24.portal': portal,
          'bitrix24.reserved': count.reserved,
          'bitrix24.marked': count.marked,
          'bitrix24.cleared': count.cleared,
        },
      },
      ROOT_CONTEXT,
    );
    const links = [{ context: span.spanContext() }];
    for (const change of round.changes) {
      if (change.type === 'reserved') reservedSpans(tracer, { memberId, portal }, round, change, links);
      else if (change.type === 'marked') markSpans(tracer, { memberId, portal }, round, change, links);
    }
    span.end(round.writtenAt);
  });
}

interface Whose {
  readonly memberId: string;
  readonly portal: string;
}

/** The change itself: from when it happened on the portal until the ledger had it. */
function reservedSpans(
  tracer: Tracer,
  { memberId, portal }: Whose,
  { sentAt, writtenAt }: TracedRound,
  { batch }: Extract<LedgerChange, { type: 'reserved' }>,
  links: Link[],
): void {
  for (const { messageId, changedAt, event, rowId } of batch.events) {
    const attributes = {
      'bitrix24.portal': portal,
      'bitrix24.event': event,
      'bitrix24.process_id': batch.processId,
      'bitrix24.message_id': messageId,
      'bitrix24.row_id': rowId,
      'bitrix24.changed_at': changedAt,
    };
    const root = deliveryRoot({ memberId, processId: batch.processId, messageId });
    // An error row comes back under another process id: a new trace, which begins with its return.
    const name = batch.errored ? 'portal error row' : 'portal change';
    // The portal's clock may be ahead of ours.
    const startTime = batch.errored ? sentAt : Math.min(changedAt * 1000, writtenAt);
    startRoot(tracer, root, name, { startTime, attributes, links }).end(writtenAt);
  }
}

function markSpans(
  tracer: Tracer,
  { memberId, portal }: Whose,
  { sentAt, answeredAt }: TracedRound,
  { processId, messageIds }: Extract<LedgerChange, { type: 'marked' }>,
  links: Link[],
): void {
  const attributes = { 'bitrix24.portal': portal, 'bitrix24.method': 'event.offline.error' };
  for (const messageId of messageIds) {
    tracer
      .startSpan(
        'bridge mark',
        { kind: SpanKind.CLIENT, startTime: sentAt, attributes, links },
        beneath(deliveryRoot({ memberId, processId, messageId })),
      )
      .end(answeredAt);
  }
}
