import { type TopologyNames } from '../../broker/topology.js';
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
  if (unrouted > THRESHOLDS.unrouted) {
    findings.push(
      wrong(
        'unrouted',
        `${unrouted} events were published that no queue is bound to: see bitrix24-bridge queues look unrouted, bind a queue to their keys, then bitrix24-bridge queues republish unrouted --count ${unrouted}`,
      ),
    );
  }
  const rejected = inQueue(names.rejected);
  if (rejected > THRESHOLDS.rejected) {
    findings.push(
      wrong(
        'rejected',
        `${rejected} replies could not be understood and had no effect: the header x-bridge-error of each in ${names.rejected} says why; correct the consumer, then purge that queue`,
      ),
    );
  }
  const replies = inQueue(names.replies);
  if (replies > THRESHOLDS.replies) {
    findings.push(
      wrong(
        'replies',
        `${replies} replies wait to be recorded: look at the service and its database, which cannot keep up`,
      ),
    );
  }
  const dead = inQueue(names.dead);
  if (dead > 0) {
    findings.push(
      note(
        'dead',
        `${dead} dead letters: see bitrix24-bridge events list --state dead for the reasons; once those are gone, bitrix24-bridge queues republish dead --count ${dead}`,
      ),
    );
  }
  const readers = queues.find(({ name }) => name === names.replies)?.consumers ?? null;
  if (readers === 0)
    findings.push(note('readers', 'nobody reads the replies: no service runs on this prefix'));
  else if (readers !== null) findings.push(ok('readers', `${readers} read the replies`));
  return findings;
}
