import { describe, expect, it } from '@jest/globals';
import { isSpanContextValid, trace, TraceFlags } from '@opentelemetry/api';
import { beneath, deliveryRoot, parentIsDerived, validId } from './delivery-trace.js';

const DELIVERY = { memberId: 'a223c6b3710f85df22e9377d6c4f7553', processId: 'p1', messageId: 'm1' };

describe('the trace of a delivery', () => {
  it('is the same wherever it is computed, in this version and the next', () => {
    expect(deliveryRoot(DELIVERY)).toEqual({
      traceId: '57932a9a09d688f7e74d9e4ab9003a9d',
      spanId: '8a7ef1866f43747e',
      traceFlags: TraceFlags.SAMPLED,
      isRemote: true,
    });
    expect(isSpanContextValid(deliveryRoot(DELIVERY))).toBe(true);
  });

  it('is another one for each portal, batch and message, however their ids could be cut', () => {
    const others = [
      DELIVERY,
      { ...DELIVERY, memberId: 'b' },
      { ...DELIVERY, processId: 'p2' },
      { ...DELIVERY, messageId: 'm2' },
      { ...DELIVERY, processId: 'p', messageId: '1m1' },
      { ...DELIVERY, messageId: 'p1:m1' },
    ];
    expect(new Set(others.map((one) => deliveryRoot(one).traceId)).size).toBe(others.length);
  });

  it('never has an id of zeros, which would mean no trace', () => {
    expect(validId('0'.repeat(32))).toBe(`${'0'.repeat(31)}1`);
    expect(validId('0'.repeat(16))).toBe(`${'0'.repeat(15)}1`);
    expect(validId('00ab')).toBe('00ab');
  });

  it('marks the context, so that a sampler does not take the derived parent for a decision', () => {
    const context = beneath(deliveryRoot(DELIVERY));
    expect(parentIsDerived(context)).toBe(true);
    expect(trace.getSpanContext(context)).toEqual(deliveryRoot(DELIVERY));
  });
});
