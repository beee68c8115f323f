import { describe, expect, it } from '@jest/globals';
import {
  OutcomeUnknown,
  PortalUnreachable,
  UnreadableAnswer,
  UnusableAnswer,
} from '../../bitrix24/errors.js';
import { type PortalState } from '../../database/schema.js';
import { type Log } from '../../logging/log.js';
import { BadAnswers, isBadAnswer, restMs } from './bad-answers.js';
import { BatchSize } from '../pacing/batch-size.js';
import { type AnswersKnown } from './loop-dependencies.js';

const RECHECK_MS = 300_000;
const TOO_LARGE = new UnusableAnswer({ method: 'batch', code: 'ANSWER_TOO_LARGE', status: 200 });
const nothing = () => undefined;
const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const settings = { PORTAL_RECHECK_MS: RECHECK_MS } as never;

/** A portal on record; the process that watches it may end at any moment. */
function registered(limit = 500) {
  const record = {
    known: { bad: 0, askAgainAt: null } as AnswersKnown,
    state: 'active' as PortalState,
    now: 1e9,
  };
  const start = () => {
    const size = new BatchSize(limit);
    const portal = {
      name: 'acme',
      state: () => record.state,
      setState: (state: PortalState) => {
        record.state = state;
        return Promise.resolve();
      },
      answers: {
        known: () => record.known,
        set: (known: AnswersKnown) => {
          record.known = known;
          return Promise.resolve();
        },
      },
    };
    const answers = new BadAnswers(
      { portal: portal as never, log: silentLog, settings },
      size,
      () => record.now,
    );
    return { answers, size };
  };
  return { record, start };
}

describe('answers that cannot be taken in', () => {
  it('are asked for in smaller pages, and after three the portal is left alone', async () => {
    const { record, start } = registered();
    const { answers, size } = start();
    expect(await answers.watch().failed(TOO_LARGE)).toBeNull();
    expect(size.limit).toBe(22);
    expect(await answers.watch().failed(TOO_LARGE)).toBeNull();
    expect([size.limit, record.state, answers.leftAloneFor()]).toEqual([1, 'active', 0]);
    expect(await answers.watch().failed(TOO_LARGE)).toBe(RECHECK_MS);
    expect([record.state, answers.leftAloneFor()]).toEqual(['suspended', RECHECK_MS]);
    record.now += RECHECK_MS;
    expect(answers.leftAloneFor()).toBe(0);
    expect(await answers.watch().failed(TOO_LARGE)).toBe(2 * RECHECK_MS);
    record.now += 2 * RECHECK_MS;
    await answers.watch().taken();
    expect(record.known).toEqual({ bad: 0, askAgainAt: null });
  });

  it('are tried again at least every hour, and never more often than any other stopped portal', () => {
    expect([3, 4, 5, 6, 7, 1000].map((bad) => restMs(bad, RECHECK_MS) / 60_000)).toEqual([
      5, 10, 20, 40, 60, 60,
    ]);
    expect(restMs(9, 86_400_000)).toBe(86_400_000);
  });

  it('count before they are read where they are large, and over the ends of processes', async () => {
    const { record, start } = registered();
    for (const bad of [1, 2, 3]) {
      const { answers, size } = start();
      expect(answers.leftAloneFor()).toBe(0);
      expect(size.limit).toBe([500, 22, 1][bad - 1]);
      await answers.watch().large();
      expect(record.known.bad).toBe(bad);
    }
    const { answers, size } = start();
    expect([size.limit, answers.leftAloneFor()]).toEqual([1, RECHECK_MS]);
    await answers.tellState();
    expect(record.state).toBe('suspended');
    // A clock that was set back keeps nobody waiting.
    record.now -= 10 * RECHECK_MS;
    expect(answers.leftAloneFor()).toBe(0);
  });

  it('count once each, and not where something else cut a large one off', async () => {
    const { record, start } = registered();
    const { answers } = start();
    const cutOff = answers.watch();
    await cutOff.large();
    await cutOff.failed(new OutcomeUnknown({ method: 'batch', code: 'ECONNRESET', status: 200 }));
    expect(record.known.bad).toBe(0);
    const bad = answers.watch();
    await bad.large();
    await bad.failed(TOO_LARGE);
    expect(record.known.bad).toBe(1);
    await answers.watch().failed(new PortalUnreachable({ method: 'batch', code: 'ECONNREFUSED' }));
    expect(record.known.bad).toBe(1);
  });

  it('are not the pages of a server in trouble', () => {
    expect(isBadAnswer(TOO_LARGE)).toBe(true);
    expect(isBadAnswer(new UnreadableAnswer('batch', 'no result'))).toBe(true);
    expect(isBadAnswer(new UnreadableAnswer('batch', 'a status without an error', 502))).toBe(false);
    expect(isBadAnswer(new OutcomeUnknown({ method: 'batch', code: 'NOT_JSON', status: 502 }))).toBe(false);
    expect(isBadAnswer(new Error('other'))).toBe(false);
  });
});
