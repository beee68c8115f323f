import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Admission, type Leave } from './admission.js';

describe('the admission of rounds', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const never = new AbortController().signal;
  const settle = () => jest.advanceTimersByTimeAsync(0);

  /** Somebody who wants in: whether he is, and how he leaves. */
  const enter = (admission: Admission, signal: AbortSignal = never) => {
    const guest: { leave: Leave | null } = { leave: null };
    void admission.enter(signal).then((leave) => (guest.leave = leave));
    return guest;
  };

  it('lets so many in and no more, in the order in which they came', async () => {
    const admission = new Admission({ limit: 2, patienceMs: 60_000 });
    const guests = [1, 2, 3, 4].map(() => enter(admission));
    await settle();
    const inside = () => guests.map(({ leave }) => leave !== null);
    expect(inside()).toEqual([true, true, false, false]);
    guests[1]?.leave?.();
    const late = enter(admission);
    await settle();
    expect(inside()).toEqual([true, true, true, false]);
    expect(late.leave).toBeNull();
    expect(admission.waiting).toBe(2);
  });

  it('counts a place that is given back twice once', async () => {
    const admission = new Admission({ limit: 1, patienceMs: 60_000 });
    const first = enter(admission);
    await settle();
    first.leave?.();
    first.leave?.();
    const others = [enter(admission), enter(admission)];
    await settle();
    expect(others.filter(({ leave }) => leave !== null)).toHaveLength(1);
  });

  it('does not wait for a round that hangs', async () => {
    const admission = new Admission({ limit: 1, patienceMs: 5000 });
    const hanging = enter(admission);
    const second = enter(admission);
    const third = enter(admission);
    await jest.advanceTimersByTimeAsync(4999);
    expect(second.leave).toBeNull();
    await jest.advanceTimersByTimeAsync(1);
    expect(second.leave).not.toBeNull();
    hanging.leave?.();
    await settle();
    expect(third.leave).toBeNull();
  });

  it('forgets who gave up waiting', async () => {
    const admission = new Admission({ limit: 1, patienceMs: 60_000 });
    const first = enter(admission);
    const giving = new AbortController();
    const second = enter(admission, giving.signal);
    const third = enter(admission);
    const aborted = enter(admission, AbortSignal.abort());
    giving.abort();
    await settle();
    // They are let go with nothing in hand.
    second.leave?.();
    aborted.leave?.();
    await settle();
    expect(third.leave).toBeNull();
    first.leave?.();
    await settle();
    expect(third.leave).not.toBeNull();
    third.leave?.();
    expect(jest.getTimerCount()).toBe(0);
    const next = enter(admission);
    await settle();
    expect(next.leave).not.toBeNull();
  });
});
