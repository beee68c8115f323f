import { beforeEach, describe, expect, it } from '@jest/globals';
import { type PortalError } from '../../bitrix24/errors.js';
import { type RoundSnapshot } from '../../ledger/round-snapshot.js';
import { freshMemory, type RoundMemory } from '../round/round-memory.js';
import { type RoundOutcome } from '../round/round-outcome.js';
import { PollingPace } from './polling-pace.js';

const NOW = 1_721_296_800_000;
const NOTHING: RoundSnapshot = {
  inFlight: 0,
  unpublished: 0,
  failures: [],
  clearable: [],
  marked: null,
  waitingDueAt: null,
  publishedSince: null,
  journal: [],
};
/** A round that read the queue and found nothing to do. */
const EMPTY = {
  reserved: 0,
  errorRows: 0,
  adopted: 0,
  marked: 0,
  cleared: 0,
  oldestChange: null,
  queueRead: true,
  failures: [],
} as unknown as RoundOutcome<PortalError>;

let pace: PollingPace;
let memory: RoundMemory;

beforeEach(() => {
  pace = new PollingPace(
    {
      settings: {
        DRAIN_INTERVAL_MS: 5000,
        DRAIN_MAX_INTERVAL_MS: 60_000,
      } as ConstructorParameters<typeof PollingPace>[0]['settings'],
      portal: { extended: () => true, paused: () => false } as ConstructorParameters<
        typeof PollingPace
      >[0]['portal'],
      silence: { age: () => 1000, heardAge: () => Promise.resolve(1000), remaining: () => 700 },
      log: { debug() {}, info() {}, warn() {}, error() {} },
    },
    () => NOW,
    () => 0.11,
  );
  pace.bindingsSeen('yes');
  for (let round = 0; round < 6; round += 1) pace.roundEnded(EMPTY, false, NOW, NOW / 1000);
  memory = { ...freshMemory(NOW), scannedAt: NOW, checkedAt: NOW, suspectUntil: 0 };
});

describe('a portal at rest', () => {
  it('is asked in a group, and by its own time where the process is busy', () => {
    // 60 s less 1.1 % are 59,340 ms; groups end at whole seconds.
    expect(pace.pause(NOTHING, memory, false)).toBe(59_000);
    expect(pace.laterWhileBusyMs).toBe(340);
  });

  it('is asked in time where something is due or doubtful, however busy the process is', () => {
    expect(pace.pause({ ...NOTHING, inFlight: 1, publishedSince: NOW }, memory, false)).toBe(5000);
    expect(pace.laterWhileBusyMs).toBe(0);
    expect(pace.pause(NOTHING, memory, true)).toBe(5000);
    expect(pace.laterWhileBusyMs).toBe(0);
  });
});
