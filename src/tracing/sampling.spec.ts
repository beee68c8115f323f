import { describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace-base';
import { beneath, deliveryRoot } from './delivery-trace.js';
import { decideByDelivery, samplerFrom } from './sdk.js';

const ROOTS = Array.from({ length: 400 }, (_, index) =>
  deliveryRoot({ memberId: 'a', processId: 'p', messageId: `m${index}` }),
);

function sampledOf(name: string, arg?: string): number {
  const env = { OTEL_TRACES_SAMPLER: name, ...(arg === undefined ? {} : { OTEL_TRACES_SAMPLER_ARG: arg }) };
  const sampler = decideByDelivery(samplerFrom(env));
  return ROOTS.filter((root) => {
    const decide = (context = beneath(root)) =>
      sampler.shouldSample(context, root.traceId, 'span', SpanKind.INTERNAL, {}, []).decision;
    // The root itself has no parent, and has to be decided alike.
    expect(decide(ROOT_CONTEXT)).toBe(decide());
    return decide() === SamplingDecision.RECORD_AND_SAMPLED;
  }).length;
}

describe('sampling', () => {
  it('takes or leaves a delivery as a whole, by the standard samplers', () => {
    expect(sampledOf('')).toBe(400);
    expect(sampledOf('always_off')).toBe(0);
    expect(sampledOf('parentbased_always_off')).toBe(0);
    expect(sampledOf('parentbased_always_on')).toBe(400);
    for (const name of ['traceidratio', 'parentbased_traceidratio']) {
      const sampled = sampledOf(name, '0.25');
      expect(sampled).toBeGreaterThan(60);
      expect(sampled).toBeLessThan(140);
    }
    expect(() => samplerFrom({ OTEL_TRACES_SAMPLER: 'sometimes' })).toThrow('OTEL_TRACES_SAMPLER');
  });

  it('follows a consumer that has decided otherwise', () => {
    const sampler = decideByDelivery(samplerFrom({}));
    const root = deliveryRoot({ memberId: 'a', processId: 'p', messageId: 'm' });
    const context = trace.setSpanContext(ROOT_CONTEXT, { ...root, traceFlags: TraceFlags.NONE });
    const { decision } = sampler.shouldSample(context, root.traceId, 'span', SpanKind.INTERNAL, {}, []);
    expect(decision).toBe(SamplingDecision.NOT_RECORD);
  });
});
