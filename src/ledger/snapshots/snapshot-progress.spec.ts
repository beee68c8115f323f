import { expect, it } from '@jest/globals';
import { progressOf } from './snapshot-progress.js';
import { type SnapshotRecord, type SnapshotType } from './snapshot-record.js';

const type = (more: Partial<SnapshotType>): SnapshotType => ({
  ordinal: 0,
  name: 'crm.deal',
  entityTypeId: 2,
  afterId: 0,
  maxId: 1000,
  objects: 0,
  superseded: 0,
  ...more,
});

const snapshot = (types: readonly SnapshotType[], more: Partial<SnapshotRecord> = {}): SnapshotRecord => ({
  no: 1,
  memberId: 'm',
  state: 'running',
  reason: null,
  filter: {},
  routingKey: null,
  askedBy: 'anna',
  createdAt: 0,
  resumedAt: 0,
  ranMs: 0,
  finishedAt: null,
  progressedAt: 0,
  types,
  ...more,
});

it('is told by the ids of all types, and taken to go on as it went', () => {
  const types = [type({ afterId: 1000, objects: 500, superseded: 2 }), type({ ordinal: 1, maxId: 3000 })];
  expect(progressOf(snapshot(types), 60_000)).toEqual({
    fraction: 0.25,
    objects: 500,
    superseded: 2,
    expected: 2000,
    ranMs: 60_000,
    remainingMs: 180_000,
  });
  // The time of a pause is none that it took.
  expect(progressOf(snapshot(types, { state: 'paused', ranMs: 30_000 }), 99_000_000)).toMatchObject({
    ranMs: 30_000,
    remainingMs: null,
  });
});

it('is not told before it can be', () => {
  expect(progressOf(snapshot([type({ maxId: null })]), 60_000)).toMatchObject({
    fraction: null,
    expected: null,
    remainingMs: null,
  });
  expect(progressOf(snapshot([type({ afterId: 5 })]), 60_000)).toMatchObject({
    fraction: 0.005,
    expected: null,
    remainingMs: null,
  });
  expect(progressOf(snapshot([type({ afterId: 500 })]), 1000).remainingMs).toBeNull();
});

it('is all of it where there is nothing to read', () => {
  expect(progressOf(snapshot([type({ maxId: 0 })]), 0).fraction).toBe(1);
});
