import { describe, expect, it } from '@jest/globals';
import { type RoundSnapshot } from '../../ledger/round-snapshot.js';
import { LENIENCE_MS, workDueAt } from './due-times.js';
import { CHECK_EVERY_MS } from '../round/checks.js';
import { markInDoubt } from '../round/round-command.js';
import { ERROR_ROWS_EVERY_MS, MAX_ERROR_ROW_AGE_MS } from '../round/error-rows.js';
import { ORPHAN_SCAN_EVERY_MS } from '../round/orphan-scan.js';
import { freshMemory, type RoundMemory } from '../round/round-memory.js';

const NOW = 1_721_296_800_000;
const SETTLE_AFTER_MS = 20_000;
const due = (snapshot: Partial<RoundSnapshot> = {}, memory: Partial<RoundMemory> = {}) =>
  workDueAt(
    {
      inFlight: 0,
      unpublished: 0,
      failures: [],
      clearable: [],
      marked: null,
      waitingDueAt: null,
      publishedSince: null,
      journal: [],
      ...snapshot,
    },
    { ...freshMemory(NOW), suspectUntil: 0, scannedAt: NOW, checkedAt: NOW, ...memory },
    { remaining: (ageMs) => Math.max(0, SETTLE_AFTER_MS - ageMs) },
    NOW,
  ) - NOW;

describe('a round is wanted although nothing is new', () => {
  it('to look for orphans, and to check the plan and the bindings', () => {
    expect(due()).toBe(ORPHAN_SCAN_EVERY_MS + LENIENCE_MS);
    expect(due()).toBeLessThan(290_000);
    expect(due({}, { checkedAt: NOW - CHECK_EVERY_MS + 7000 })).toBe(7000 + LENIENCE_MS);
    expect(due({}, { scannedAt: NOW - ORPHAN_SCAN_EVERY_MS + 3000 })).toBe(3000 + LENIENCE_MS);
  });

  it('when the first event has been silent for long enough', () => {
    expect(due({ inFlight: 1, publishedSince: NOW - 15_000 })).toBe(5000);
    // One that is published at any moment from now settles no sooner than this.
    expect(due({ inFlight: 1, waitingDueAt: NOW + 1000 })).toBe(SETTLE_AFTER_MS);
    expect(due({ inFlight: 1 })).toBe(SETTLE_AFTER_MS);
    // Published in the future: the clock was set back.
    expect(due({ inFlight: 1, publishedSince: NOW + 3_600_000 })).toBe(SETTLE_AFTER_MS);
  });

  it('when a marked row is due again, and before it has swallowed changes for long', () => {
    expect(due({ marked: { since: NOW - 1000, dueAt: NOW + 4000 } })).toBe(4000);
    expect(due({ marked: { since: NOW - 1000, dueAt: NOW + 3_600_000 } })).toBe(MAX_ERROR_ROW_AGE_MS - 1000);
  });

  it('while rows are journaled', () => {
    const row = {
      rowId: '1',
      messageId: 'm',
      changedAt: 1,
      event: 'E',
      data: null,
      userId: null,
      errored: false,
    };
    expect(due({ journal: [row] })).toBe(0);
  });

  it('while a lost request may have marked or cleared, and until what it marked shows', () => {
    const clears = { marks: new Map(), clears: new Set(['p/1']) };
    expect(due({}, { suspectUntil: NOW + 1, doubt: clears })).toBe(0);
    expect(due({}, { suspectUntil: NOW - 1, doubt: clears })).toBe(ORPHAN_SCAN_EVERY_MS + LENIENCE_MS);
    const marks = { marks: new Map([['m', markInDoubt('p')]]), clears: new Set<string>() };
    expect(due({}, { suspectUntil: NOW - ERROR_ROWS_EVERY_MS, doubt: marks })).toBe(0);
    expect(due({}, { suspectUntil: NOW - ERROR_ROWS_EVERY_MS - 1, doubt: marks })).toBe(
      ORPHAN_SCAN_EVERY_MS + LENIENCE_MS,
    );
  });
});
