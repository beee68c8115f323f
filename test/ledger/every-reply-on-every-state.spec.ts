import { describe, expect, it } from '@jest/globals';
import { type DeliveryState, type Flag } from '../../src/database/schema.js';
import { afterFailure } from '../../src/ledger/outcome-rules.js';
import { retryDueAt } from '../../src/ledger/retry-timing.js';
import { countOf, LedgerBench, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

/** The delivery's attempt; one of three. */
const ATTEMPT = 2;

/** Which replies have an effect: outcome, and whether the attempt is named (`same`) or left open (`open`). */
const HEEDED: Record<DeliveryState, readonly string[]> = {
  reserved: ['processed same', 'processed open', 'failed same', 'failed open'],
  // Queues that did not refuse it have it.
  refused: ['processed same', 'processed open', 'failed same', 'failed open'],
  published: ['processed same', 'processed open', 'failed same', 'failed open'],
  // It is due, so a reply may have overtaken the confirm; a success that names no attempt may speak of an earlier one.
  waiting: ['processed same', 'failed same', 'failed open'],
  processed: ['failed same', 'failed open'],
  failed: [],
  marked: [],
  dead: [],
};

const HOLDINGS: readonly { title: string; held: Flag; errored: Flag; whenFailed: 'failed' | 'waiting' }[] = [
  { title: 'held, unmarked', held: 1, errored: 0, whenFailed: 'failed' },
  { title: 'held, marked before', held: 1, errored: 1, whenFailed: 'waiting' },
  { title: 'no longer held', held: 0, errored: 0, whenFailed: 'waiting' },
  { title: 'marked before, no longer held', held: 0, errored: 1, whenFailed: 'waiting' },
];

const NAMED = [
  ['same', ATTEMPT],
  ['open', null],
  ['earlier', ATTEMPT - 1],
  ['later', ATTEMPT + 1],
] as const;

const CASES = HOLDINGS.flatMap((holding) =>
  (Object.keys(HEEDED) as DeliveryState[]).map((state) => [state, holding.title, holding] as const),
);

onEveryDatabase('a reply does to a delivery what its state allows', (open) => {
  it.each(CASES)('%s, %s', async (state, _title, { held, errored, whenFailed }) => {
    const bench = new LedgerBench(open);
    for (const outcome of ['processed', 'failed'] as const) {
      for (const [named, attempt] of NAMED) {
        const message = `${outcome}-${named}`;
        await bench.put({
          message,
          state,
          held,
          errored,
          attempt: ATTEMPT,
          stateAt: START - 5000,
          dueAt: state === 'waiting' || state === 'refused' ? START - 1000 : null,
        });
        const before = await bench.get(message);
        bench.now = START + 77;
        const recorded = await bench.reply(outcome, message, { attempt });
        const after = await bench.get(message);

        const untouched = { ...before };
        expect(recorded.unknown).toBe(0);
        if (!HEEDED[state].includes(`${outcome} ${named}`)) {
          expect(after).toEqual(untouched);
          expect(recorded.ignored).toBe(1);
        } else if (outcome === 'processed') {
          // Before the confirm it is only remembered: a queue that refuses the event must get it all the same.
          const settled = { state: 'processed', state_at: START + 77, due_at: null };
          expect(after).toEqual({ ...untouched, ...(state === 'published' ? settled : { heard: 1 }) });
          expect(countOf(recorded.processed)).toBe(1);
        } else if (whenFailed === 'failed') {
          expect(after).toEqual({
            ...untouched,
            state: 'failed',
            state_at: START + 77,
            due_at: null,
            reason: 'out of stock',
            reason_no: expect.any(Number) as unknown,
          });
          expect([countOf(recorded.failed), countOf(recorded.lateFailed), countOf(recorded.toMark)]).toEqual([
            1, 0, 1,
          ]);
        } else {
          expect(after).toEqual({
            ...untouched,
            state: 'waiting',
            state_at: START + 77,
            attempt: ATTEMPT + 1,
            due_at: retryDueAt(START + 77, ATTEMPT, before.seq, SETTINGS),
            reason: 'out of stock',
            reason_no: expect.any(Number) as unknown,
          });
          const late = state === 'processed' && held === 0 ? 1 : 0;
          expect([countOf(recorded.failed), countOf(recorded.lateFailed), countOf(recorded.toMark)]).toEqual([
            1 - late,
            late,
            0,
          ]);
        }
      }
    }
  });

  it.each(HOLDINGS.map((holding) => [holding.title, holding] as const))(
    'without an attempt left a failure is due for its dead letter at once (%s)',
    async (_title, { held, errored }) => {
      const bench = new LedgerBench(open);
      await bench.put({ message: 'm1', state: 'published', held, errored, attempt: 3 });
      const recorded = await bench.reply('failed', 'm1', { attempt: 3 });
      expect(await bench.get('m1')).toMatchObject({ state: 'waiting', attempt: 4, due_at: START });
      expect(countOf(recorded.toMark)).toBe(0);
    },
  );

  it('with one attempt in all, the first failure is the last', async () => {
    const bench = new LedgerBench(open, { RETRY_MAX_ATTEMPTS: 1 });
    await bench.put({ message: 'm1', state: 'published', attempt: 1 });
    await bench.reply('failed', 'm1', { attempt: 1 });
    expect(await bench.get('m1')).toMatchObject({ state: 'waiting', attempt: 2, due_at: START, held: 1 });
  });
});

describe('where a failed delivery goes', () => {
  it.each([
    [1, 0, 1, 'failed'],
    [1, 0, 2, 'failed'],
    [1, 0, 3, 'waiting'],
    [1, 1, 1, 'waiting'],
    [0, 0, 1, 'waiting'],
    [0, 1, 1, 'waiting'],
  ] as const)('held %i, errored %i, attempt %i of 3: %s', (held, errored, attempt, expected) => {
    expect(afterFailure({ state: 'published', held, errored, attempt, attempts_before: 0 }, SETTINGS)).toBe(
      expected,
    );
  });
});
