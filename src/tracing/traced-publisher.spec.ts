import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { propagation, SpanStatusCode, trace, type TracerProvider } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { type OutgoingMessage, type PublishResult } from '../broker/outgoing.js';
import { deliveryRoot } from './delivery-trace.js';
import { traceReplies } from './reply-spans.js';
import { TracedPublisher } from './traced-publisher.js';

const DELIVERY = { memberId: 'a', processId: 'p', messageId: 'm' };

function message(exchange: string, attempt: number): OutgoingMessage {
  return {
    exchange,
    routingKey: 'acme.crm.deal.update',
    body: Buffer.from('{}'),
    properties: { correlationId: `a:p:${attempt}:m`, headers: { 'x-portal': 'acme' } },
  };
}

/** Publishes and returns what the broker was given. */
async function publish(messages: readonly OutgoingMessage[], results: PublishResult[] = []) {
  const sent: OutgoingMessage[] = [];
  const answer = (given: readonly OutgoingMessage[]) => {
    sent.push(...given);
    return Promise.resolve(given.map((_, index) => results[index] ?? { status: 'confirmed' as const }));
  };
  const answers = await new TracedPublisher({ publish: answer }, 'dead').publish(messages);
  return { sent, answers };
}

describe('publishing, traced', () => {
  const exporter = new InMemorySpanExporter();
  const register = (provider: TracerProvider) => trace.setGlobalTracerProvider(provider);
  const spans = (): ReadableSpan[] => exporter.getFinishedSpans();

  beforeEach(() => {
    exporter.reset();
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  });

  afterEach(() => {
    trace.disable();
    propagation.disable();
  });

  it('leaves the messages alone where no SDK is registered', async () => {
    const messages = [message('events', 1)];
    const { sent } = await publish(messages);
    expect(sent[0]).toBe(messages[0]);
  });

  it("names each message's part in the trace that its ids name, with a host's SDK too", async () => {
    register(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
    const results: PublishResult[] = [
      { status: 'confirmed' },
      { status: 'unconfirmed', reason: 'gone' },
      { status: 'confirmed' },
    ];
    const messages = [message('events', 1), message('events', 2), message('dead', 2)];
    const { sent, answers } = await publish(messages, results);
    expect(answers).toEqual(results);
    const root = deliveryRoot(DELIVERY);
    expect(spans().map(({ name }) => name)).toEqual(['bridge publish', 'bridge retry', 'bridge dead letter']);
    for (const [index, span] of spans().entries()) {
      expect(span.parentSpanContext).toMatchObject({ traceId: root.traceId, spanId: root.spanId });
      expect(sent[index]?.properties.headers).toEqual({
        'x-portal': 'acme',
        traceparent: `00-${root.traceId}-${span.spanContext().spanId}-01`,
      });
    }
    expect(spans().map(({ status }) => status.code)).toEqual([
      SpanStatusCode.UNSET,
      SpanStatusCode.ERROR,
      SpanStatusCode.UNSET,
    ]);
    expect(messages[0]?.properties.headers).toEqual({ 'x-portal': 'acme' });
  });

  it('publishes whatever happens to the spans', async () => {
    register({
      getTracer: () => {
        const fail = () => {
          throw new Error('broken');
        };
        return { startSpan: fail, startActiveSpan: fail };
      },
    });
    const messages = [message('events', 1)];
    expect((await publish(messages)).sent[0]).toBe(messages[0]);
    const outcome = { ...DELIVERY, messageIds: ['m'], attempt: 1, outcome: 'failed', reason: null } as const;
    for (const headers of [undefined, null, 7, { traceparent: 7 }]) {
      expect(() => traceReplies([{ headers, outcome }], () => 'acme', Date.now())).not.toThrow();
    }
  });
});
