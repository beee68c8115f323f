import {
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { type OutgoingMessage, type PublishResult } from '../broker/outgoing.js';
import { decodeCorrelationId } from '../contract/correlation-id.js';
import { beneath, deliveryRoot } from './delivery-trace.js';
import { activeTracer, harmless } from './tracer.js';

interface MessagePublisher {
  publish(messages: readonly OutgoingMessage[]): Promise<PublishResult[]>;
}

/** Publishes each event within a span of its delivery's trace, and tells the consumer which in `traceparent`. */
export class TracedPublisher implements MessagePublisher {
  /** @param deadExchange what goes there is a dead letter */
  constructor(
    private readonly publisher: MessagePublisher,
    private readonly deadExchange: string,
  ) {}

  async publish(messages: readonly OutgoingMessage[]): Promise<PublishResult[]> {
    const tracer = activeTracer();
    if (tracer === null) return this.publisher.publish(messages);
    const traced = messages.map((message) => harmless(() => this.begin(tracer, message)) ?? { message });
    let results: PublishResult[] = [];
    try {
      results = await this.publisher.publish(traced.map(({ message }) => message));
    } finally {
      traced.forEach(({ span }, index) => span !== undefined && harmless(() => end(span, results[index])));
    }
    return results;
  }

  private begin(tracer: Tracer, message: OutgoingMessage): { message: OutgoingMessage; span?: Span } {
    const { exchange, routingKey, body, properties } = message;
    const delivery = decodeCorrelationId(properties.correlationId ?? '');
    if (delivery === null) return { message };
    const { attempt } = delivery;
    const headers = { ...properties.headers };
    const dead = exchange === this.deadExchange;
    const span = tracer.startSpan(
      dead ? 'bridge dead letter' : attempt > 1 ? 'bridge retry' : 'bridge publish',
      {
        kind: SpanKind.PRODUCER,
        attributes: {
          'messaging.system': 'rabbitmq',
          'messaging.operation.name': 'publish',
          'messaging.operation.type': 'send',
          'messaging.destination.name': exchange,
          'messaging.rabbitmq.destination.routing_key': routingKey,
          'messaging.message.id': properties.messageId,
          'messaging.message.conversation_id': properties.correlationId,
          'messaging.message.body.size': body.length,
          'bitrix24.portal': text(headers['x-portal']),
          'bitrix24.event': properties.type,
          'bitrix24.attempt': attempt,
          'bitrix24.reason': text(headers['x-bridge-reason']),
        },
      },
      beneath(deliveryRoot(delivery)),
    );
    propagation.inject(trace.setSpan(ROOT_CONTEXT, span), headers);
    return { message: { ...message, properties: { ...properties, headers } }, span };
  }
}

function end(span: Span, result: PublishResult | undefined): void {
  if (result?.status !== 'confirmed') {
    const why = result === undefined ? 'no answer' : `${result.status}: ${result.reason}`;
    span.setStatus({ code: SpanStatusCode.ERROR, message: why });
  }
  span.end();
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
