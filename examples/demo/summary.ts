import { type Balance } from './balance.js';
import { WAYS, type Way } from './consumer.js';
import { type ExtrasReport } from './extras.js';

/** What the summary tells besides the books. */
export interface RunFacts {
  readonly portals: number;
  readonly changes: number;
  readonly seconds: number;
  readonly drainSeconds: number;
  readonly routingKeys: number;
  readonly failuresByWay: Readonly<Record<Way, number>>;
  /** REST requests that the portals had got when their queues were drained. */
  readonly requests: number;
  readonly extras: ExtrasReport;
}

/** More of them would push the summary off the screen. */
const FAULTS_SHOWN = 20;

/** The result of a run in words; its last line says whether the books balance. */
export function summarize(balance: Balance, run: RunFacts): string {
  const { failures, marked, markedRows, markedTogether, late, retried, waiting, dead, faults } = balance;
  const ways = WAYS.map((way) => `${run.failuresByWay[way]} ${way}`).join(', ');
  const settled = faults.length === 0 && waiting === 0 ? 'everything settled' : 'not settled';
  const perCall = run.requests === 0 ? 0 : balance.deliveries / run.requests;
  const lines = [
    `${run.changes} changes on ${run.portals} portals in ${run.seconds} s made ${balance.rows} rows of their queues`,
    `${balance.deliveries} events delivered on ${run.routingKeys} routing keys, ${settled} ${run.drainSeconds.toFixed(1)} s after the last change`,
    `${failures} failures reported (${ways})`,
    `  marked by event.offline.error: ${marked}` +
      (markedRows < marked ? ` (${markedRows} rows, as a failed retry is not marked again)` : '') +
      (markedTogether > 0 ? `, and ${markedTogether} by the mark of another change of their object` : '') +
      (late > 0 ? `; ${late} came after they were settled` : ''),
    `  retried: ${retried}, waiting: ${waiting}, dead: ${dead}`,
    ...(run.extras.snapshot === null
      ? []
      : [`snapshot of ${run.extras.snapshot.announced} deals: ${run.extras.snapshot.received} received`]),
    ...(run.extras.withheld === 0
      ? []
      : [`${run.extras.withheld} changes that fired no event: ${run.extras.found} found`]),
    `${run.requests} REST calls until the queues were drained, ${perCall.toFixed(1)} events a call`,
  ];
  if (faults.length === 0) {
    lines.push(
      `Every change was delivered after it was made, every failure ${late > 0 ? 'reported in time ' : ''}marked ` +
        `and retried${waiting > 0 ? ' or waiting' : ''}, nothing destroyed.`,
      'The books balance.',
    );
    return lines.join('\n');
  }
  lines.push(...faults.slice(0, FAULTS_SHOWN).map((fault) => `  ! ${fault}`));
  if (faults.length > FAULTS_SHOWN) lines.push(`  ! and ${faults.length - FAULTS_SHOWN} more`);
  lines.push(
    `THE BOOKS DO NOT BALANCE: ${faults.length} ${faults.length === 1 ? 'entry is' : 'entries are'} off.`,
  );
  return lines.join('\n');
}
