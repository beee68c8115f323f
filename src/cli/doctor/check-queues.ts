import { type TopologyNames } from '../../broker/topology.js';
import { Phrase } from '../../i18n/translate.js';
import { THRESHOLDS } from '../../monitoring/alert-thresholds.js';
import { type Finding, note, ok, wrong } from '../command/findings.js';

/** A queue as it was found. */
interface QueueSeen {
  readonly name: string;
  readonly messages: number | null;
  readonly consumers: number | null;
}

/** What lies in our queues, and what of it wants to be looked at: by the same thresholds as the alerts. */
export function queueFindings(seen: readonly QueueSeen[], names: TopologyNames): Finding[] {
  const queues = seen.filter(({ messages }) => messages !== null);
  if (queues.length === 0) return [];
  const inQueue = (name: string) => queues.find((queue) => queue.name === name)?.messages ?? 0;
  const findings = [ok('queues', queues.map(({ name, messages }) => `${name} ${messages}`).join(', '))];
  const unrouted = inQueue(names.unrouted);
  if (unrouted > THRESHOLDS.unrouted)
    findings.push(wrong('unrouted', Phrase.of('doctor.unrouted', { count: unrouted })));
  const rejected = inQueue(names.rejected);
  if (rejected > THRESHOLDS.rejected) {
    findings.push(
      wrong('rejected', Phrase.of('doctor.rejected', { count: rejected, queue: names.rejected })),
    );
  }
  const replies = inQueue(names.replies);
  if (replies > THRESHOLDS.replies)
    findings.push(wrong('replies', Phrase.of('doctor.replies', { count: replies })));
  const dead = inQueue(names.dead);
  if (dead > 0) findings.push(note('dead', Phrase.of('doctor.dead', { count: dead })));
  const readers = queues.find(({ name }) => name === names.replies)?.consumers ?? null;
  if (readers === 0) findings.push(note('readers', Phrase.of('doctor.nobodyReads')));
  else if (readers !== null) findings.push(ok('readers', Phrase.of('doctor.readers', { count: readers })));
  return findings;
}
