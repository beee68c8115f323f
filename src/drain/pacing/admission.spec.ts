import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Admission, type Leave } from './admission.js';

describe('the admission of rounds', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
  const settle = () => pass(0);

  /** A round that wants in: whether it is, and how it leaves. */
  const enter = (admission: Admission, portal: string, signal = new AbortController().signal) => {
    const entry: { leave: Leave | null } = { leave: null };
    void admission
      .of(portal)
      .enter(signal)
      .then((leave) => (entry.leave = leave));
    return entry;
  };
  const round = async (admission: Admission, portal: string, ms: number) => {
    const entry = enter(admission, portal);
    await pass(ms);
    entry.leave?.();
    await settle();
    return entry.leave !== null;
  };
  /** An admission that knows these portals to answer in time. */
  const knowing = async (
    portals: readonly string[],
    options: { limit: number; slowLimit?: number; longRoundsLimit?: number },
  ) => {
    const admission = new Admission(options);
    for (const portal of portals) await round(admission, portal, 10);
    return admission;
  };
  const inside = (entries: readonly { leave: Leave | null }[]) => entries.map(({ leave }) => leave !== null);

  it('lets so many in and no more, in the order in which they came', async () => {
    const admission = await knowing(['a', 'b', 'c', 'd', 'e'], { limit: 2 });
    const entries = ['a', 'b', 'c', 'd'].map((portal) => enter(admission, portal));
    await settle();
    expect(inside(entries)).toEqual([true, true, false, false]);
    entries[1]?.leave?.();
    const late = enter(admission, 'e');
    await settle();
    expect(inside(entries)).toEqual([true, true, true, false]);
    expect(late.leave).toBeNull();
  });

  it('gives a round one place for every 500 events that it asks for', async () => {
    const admission = await knowing(['a', 'b', 'c', 'd'], { limit: 5 });
    const large = (portal: string, events: number) => {
      const entry: { leave: Leave | null } = { leave: null };
      void admission
        .of(portal)
        .enter(new AbortController().signal, events)
        .then((leave) => (entry.leave = leave));
      return entry;
    };
    const entries = [large('a', 2000), large('b', 501), large('c', 500), large('d', 9000)];
    await settle();
    // The third would fit: it waits behind the second, which would else wait for ever.
    expect(inside(entries)).toEqual([true, false, false, false]);
    entries[0]?.leave?.();
    await settle();
    expect(inside(entries)).toEqual([true, true, true, false]);
    expect(admission.inside).toBe(3);
    entries[1]?.leave?.();
    entries[2]?.leave?.();
    await settle();
    // One that wants more places than there are gets all of them.
    expect(inside(entries)).toEqual([true, true, true, true]);
    entries[3]?.leave?.();
    expect(admission.inside).toBe(0);
  });

  it('lets others in when one that waits for many places goes away', async () => {
    const admission = await knowing(['a', 'b', 'c'], { limit: 3 });
    const inside = enter(admission, 'a');
    const given = new AbortController();
    void admission.of('b').enter(given.signal, 1500);
    const behind = enter(admission, 'c');
    await settle();
    expect([inside.leave !== null, behind.leave !== null]).toEqual([true, false]);
    given.abort();
    await settle();
    expect(behind.leave).not.toBeNull();
  });

  it('counts a place that is given back twice once', async () => {
    const admission = await knowing(['a', 'b', 'c'], { limit: 1 });
    const first = enter(admission, 'a');
    await settle();
    first.leave?.();
    first.leave?.();
    const others = [enter(admission, 'b'), enter(admission, 'c')];
    await settle();
    expect(others.filter(({ leave }) => leave !== null)).toHaveLength(1);
  });

  it('lets who has used little of it go before who uses it all the time', async () => {
    const admission = await knowing(['busy', 'rare', 'holder'], { limit: 1 });
    await round(admission, 'busy', 100);
    const holder = enter(admission, 'holder');
    await settle();
    const busy = enter(admission, 'busy');
    const rare = enter(admission, 'rare');
    await settle();
    holder.leave?.();
    await settle();
    expect(inside([busy, rare])).toEqual([false, true]);
    rare.leave?.();
    await settle();
    expect(inside([busy])).toEqual([true]);
  });

  it('makes a round that takes long give its place to one that waits, now or later', async () => {
    const admission = await knowing(['a', 'b', 'c'], { limit: 1 });
    enter(admission, 'a');
    const second = enter(admission, 'b');
    await pass(149);
    expect(second.leave).toBeNull();
    await pass(1);
    expect(second.leave).not.toBeNull();
    await pass(10_000);
    const third = enter(admission, 'c');
    await settle();
    expect(third.leave).not.toBeNull();
    expect(admission.inside).toBe(3);
  });

  it('has bounded places for all, and keeps who hangs from coming back into those of others', async () => {
    const good = ['g0', 'g1'];
    const bad = Array.from({ length: 50 }, (_, index) => `b${index}`);
    const admission = await knowing([...good, ...bad], { limit: 2, slowLimit: 3, longRoundsLimit: 50 });
    const hanging = bad.map((portal) => enter(admission, portal));
    await pass(150 * 25 + 1010);
    // All of them hang, and nobody waits for them.
    expect(inside(hanging).every(Boolean)).toBe(true);
    expect(await round(admission, 'g0', 20)).toBe(true);
    for (const entry of hanging) entry.leave?.();
    await settle();
    expect(admission.inside).toBe(0);
    // From now on they have places of their own, and wait for each other alone.
    const again = bad.map((portal) => enter(admission, portal));
    await pass(60_000);
    expect(inside(again).filter(Boolean)).toHaveLength(3);
    for (const portal of good) expect(await round(admission, portal, 20)).toBe(true);
    // No more than the bound, also where every portal hangs.
    const everybody = good.map((portal) => enter(admission, portal));
    await pass(10_000);
    expect(inside(everybody)).toEqual([true, true]);
    expect(admission.inside).toBe(5);
  });

  it('puts a portal to the test for longer each time that it hangs', async () => {
    const admission = new Admission({ limit: 1, slowLimit: 1 });
    const roundsUntilQuick = async () => {
      for (let count = 0; ; count += 1) {
        // Somebody unknown holds the place of slow ones: who gets in nevertheless counts as quick.
        const stranger = enter(admission, `stranger ${Math.random()}`);
        await settle();
        const entry = enter(admission, 'two-faced');
        await settle();
        const quick = entry.leave !== null;
        stranger.leave?.();
        await settle();
        entry.leave?.();
        await settle();
        if (quick) return count;
      }
    };
    const needed: number[] = [];
    for (let times = 0; times < 8; times += 1) {
      needed.push(await roundsUntilQuick());
      await round(admission, 'two-faced', 5000);
    }
    expect(needed).toEqual([1, 3, 6, 12, 24, 48, 96, 96]);
  });

  it('forgets who gave up waiting', async () => {
    const admission = await knowing(['a', 'b', 'c', 'd', 'e'], { limit: 1 });
    const first = enter(admission, 'a');
    const giving = new AbortController();
    const second = enter(admission, 'b', giving.signal);
    const third = enter(admission, 'c');
    const aborted = enter(admission, 'd', AbortSignal.abort());
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
    const next = enter(admission, 'e');
    await settle();
    expect(next.leave).not.toBeNull();
  });
});
