import {
  type Context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { type Outcome } from '../ledger/outcome.js';
import { beneath, deliveryRoot } from './delivery-trace.js';
import { activeTracer, harmless } from './tracer.js';

/** A reply with what it said of deliveries. */
interface TracedReply {
  /** The message's headers; the consumer's `traceparent` may be among them. */
  readonly headers: unknown;
  readonly outcome: Outcome;
}

type NameOf = (memberId: string) => string;

/** Adds replies that are in the ledger now, a span for each delivery named. `startedAt` in Unix ms. */
export function traceReplies(replies: readonly TracedReply[], portalOf: NameOf, startedAt: number): void {
  const tracer = activeTracer();
  if (tracer === null) return;
  harmless(() => {
    for (const { headers, outcome } of replies) {
      const consumer = propagation.extract(ROOT_CONTEXT, typeof headers === 'object' ? headers : null);
      const portal = portalOf(outcome.memberId);
      for (const messageId of outcome.messageIds) {
        replySpan(tracer, consumer, outcome, messageId, portal, startedAt).end();
      }
    }
  });
}

function replySpan(
  tracer: Tracer,
  consumer: Context,
  { memberId, processId, attempt, outcome, reason }: Outcome,
  messageId: string,
  portal: string,
  startTime: number,
): Span {
  const root = deliveryRoot({ memberId, processId, messageId });
  const heard = trace.getSpanContext(consumer);
  // A consumer that went on with the event's trace is the parent; one that has a trace of its own is a link.
  const continued = heard?.traceId === root.traceId;
  const span = tracer.startSpan(
    'bridge reply',
    {
      kind: SpanKind.CONSUMER,
      startTime,
      links: heard === undefined || continued ? [] : [{ context: heard }],
      attributes: {
        'messaging.system': 'rabbitmq',
        'messaging.operation.name': 'reply',
        'messaging.operation.type': 'process',
        'bitrix24.portal': portal,
        'bitrix24.outcome': outcome,
        'bitrix24.reason': reason ?? undefined,
        'bitrix24.attempt': attempt ?? undefined,
      },
    },
    continued ? consumer : beneath(root),
  );
  if (outcome === 'failed') {
    span.setStatus({ code: SpanStatusCode.ERROR, ...(reason === null ? {} : { message: reason }) });
  }
  return span;
}
