import { progressOf, type SnapshotProgress } from '../../ledger/snapshots/snapshot-progress.js';
import { conditionsOf, type SnapshotRecord } from '../../ledger/snapshots/snapshot-record.js';
import { isoTime } from '../command/table.js';

/** A snapshot for `--json`; times are ISO 8601, what does not apply is null. */
export function describeSnapshot(snapshot: SnapshotRecord, portal: string, now = Date.now()) {
  const progress = progressOf(snapshot, now);
  return {
    snapshot: snapshot.no,
    portal,
    memberId: snapshot.memberId,
    state: snapshot.state,
    reason: snapshot.reason,
    types: snapshot.types.map(({ name, afterId, maxId, objects, superseded }) => ({
      type: name,
      afterId,
      maxId,
      objects,
      superseded,
    })),
    filter: snapshot.filter,
    routingKey: snapshot.routingKey,
    askedBy: snapshot.askedBy,
    startedAt: isoTime(snapshot.createdAt),
    progressedAt: isoTime(snapshot.progressedAt),
    finishedAt: isoTime(snapshot.finishedAt),
    ...progress,
  };
}

/** A snapshot in a few lines, with a bar of its progress. */
export function snapshotText(snapshot: SnapshotRecord, portal: string, now = Date.now()): string {
  const progress = progressOf(snapshot, now);
  const { no, state, reason, types, routingKey, askedBy } = snapshot;
  const conditions = conditionsOf(snapshot);
  return [
    `snapshot ${no} of ${portal}: ${state}${reason === null ? '' : ` (${reason})`}, asked for by ${askedBy}`,
    ...(conditions.length === 0 ? [] : [`  only ${conditions.join(', ')}`]),
    ...(routingKey === null ? [] : [`  as ${routingKey}`]),
    `  ${bar(progress)} ${wordsOf(progress, state)}`,
    ...types.map(
      ({ name, afterId, maxId, objects, superseded }) =>
        `  ${name}: ${objects} objects, up to id ${afterId} of ${maxId ?? '?'}${superseded === 0 ? '' : `, ${superseded} left to newer events`}`,
    ),
  ].join('\n');
}

const WIDTH = 30;

function bar({ fraction }: SnapshotProgress): string {
  const full = Math.floor((fraction ?? 0) * WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}]`;
}

function wordsOf(progress: SnapshotProgress, state: SnapshotRecord['state']): string {
  const { fraction, objects, expected, ranMs, remainingMs } = progress;
  if (fraction === null) return 'not begun yet';
  const words = [`${Math.floor(fraction * 1000) / 10} %`, `${objects} objects`];
  if (state === 'running' && expected !== null) words.push(`about ${expected} in all`);
  words.push(`ran ${duration(ranMs)}`);
  if (remainingMs !== null) words.push(`about ${duration(remainingMs)} left`);
  return words.join(', ');
}

/** `1 h 5 min`, `3 min`, `20 s`. */
function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
