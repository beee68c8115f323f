import { describe, expect, it } from '@jest/globals';
import { ReplyWatermark } from './reply-watermark.js';

const SETTLE = 1000;
const TIMING = { askAgainMs: 1, arrivalMs: 1, othersMs: 500, answerTimeoutMs: 1000 };
/** For tests in which it is to run out, ms; elsewhere a machine that is busy must not use it up. */
const SHORT_PATIENCE = 250;

/** A watermark by a clock that the test moves, and a queue that says what the test wants. */
function scene(patienceMs = 30_000) {
  const state = {
    now: 10_000,
    ready: 0,
    consumers: 1,
    looks: 0,
    recorded: Promise.resolve(),
    givenBack: 0,
    reading: true,
  };
  const watermark = new ReplyWatermark({
    settleAfterMs: SETTLE,
    blindMs: 300,
    clock: () => state.now,
    timing: { ...TIMING, patienceMs },
  });
  const reader = {
    queueStatus: () => {
      state.looks += 1;
      return Promise.resolve({ messageCount: state.ready, consumerCount: state.consumers });
    },
    recorded: () => state.recorded,
    givenBack: () => state.givenBack,
    reading: () => state.reading,
  };
  return { state, watermark, reader };
}

describe('the watermark of the reply queue', () => {
  it('lets nothing be silent before the queue was read for long enough', async () => {
    const { state, watermark, reader } = scene();
    expect([watermark.age(), await watermark.heardAge(), watermark.remaining(5000)]).toEqual([
      Infinity,
      Infinity,
      SETTLE,
    ]);
    watermark.begins(reader);
    state.now += SETTLE - 1;
    expect([watermark.age(), await watermark.heardAge(), watermark.remaining(5000)]).toEqual([
      Infinity,
      Infinity,
      1,
    ]);
    state.now += 1;
    expect([watermark.age(), await watermark.heardAge(), watermark.remaining(5000)]).toEqual([
      SETTLE,
      SETTLE,
      0,
    ]);
  });

  it('asks nobody while nobody asks', async () => {
    const { state, watermark, reader } = scene();
    watermark.begins(reader);
    state.now += 100_000;
    await new Promise((resolve) => setTimeout(resolve, 20));
    watermark.age();
    watermark.remaining(1);
    expect(state.looks).toBe(0);
    await watermark.heardAge();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(state.looks).toBe(2);
  });

  it('counts silence up to the last moment of which everything is recorded', async () => {
    const { state, watermark, reader } = scene(SHORT_PATIENCE);
    watermark.begins(reader);
    state.now += 5000;
    expect(await watermark.heardAge()).toBe(SETTLE);
    state.ready = 3;
    state.now += 400;
    expect(await watermark.heardAge()).toBe(SETTLE + 400);
    state.ready = 0;
    expect(await watermark.heardAge()).toBe(SETTLE);
    // In our hands, and not in the ledger yet.
    state.recorded = new Promise(() => undefined);
    state.now += 70;
    expect(await watermark.heardAge()).toBe(SETTLE + 70);
    watermark.ends(reader);
  });

  it('gives other replicas the time to record what they hold, and holds up no round for that', async () => {
    const { state, watermark, reader } = scene(SHORT_PATIENCE);
    state.consumers = 2;
    watermark.begins(reader);
    state.now += 5000;
    expect(await watermark.heardAge()).toBe(Infinity);
    await new Promise((resolve) => setTimeout(resolve, TIMING.othersMs));
    state.now += 30;
    expect(await watermark.heardAge()).toBe(SETTLE + 30);
  });

  it('leaves out the time in which the queue was not read, and in which the connection may have been dead', async () => {
    const { state, watermark, reader } = scene();
    watermark.begins(reader);
    state.now += 5000;
    await watermark.heardAge();
    state.now += 2000;
    watermark.ends(reader);
    state.now += 60_000;
    expect(watermark.age()).toBe(SETTLE + 60_000 + 300);
    // What was known when it broke off is still true.
    expect(await watermark.heardAge()).toBe(SETTLE + 62_000);
    const next = { ...reader };
    watermark.begins(next);
    watermark.ends(reader);
    state.now += 200;
    expect(await watermark.heardAge()).toBe(SETTLE + 60_000 + 300);
    expect(watermark.remaining(60_200)).toBe(SETTLE - 200);
  });

  it('takes nothing for read that went back to the queue, nor a queue of which nothing is asked', async () => {
    const { state, watermark, reader } = scene(SHORT_PATIENCE);
    watermark.begins(reader);
    state.now += 5000;
    expect(await watermark.heardAge()).toBe(SETTLE);
    const known = state.now;
    state.now += 100;
    state.reading = false;
    expect(await watermark.heardAge()).toBe(SETTLE + state.now - known);
    state.reading = true;
    const before = reader.recorded;
    reader.recorded = async () => {
      state.givenBack += 1;
      return before();
    };
    expect(await watermark.heardAge()).toBe(SETTLE + state.now - known);
    reader.recorded = before;
    expect(await watermark.heardAge()).toBe(SETTLE);
    watermark.ends(reader);
  });
});
