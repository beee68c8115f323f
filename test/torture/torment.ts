import { type EmulatedPortal } from '../../emulator/index.js';
import { type Pushed } from './books.js';
import { oddNumbers } from './numbers.js';
import { type Scene } from './scene.js';

const OBJECTS = 200;
const COMMANDS = [
  'event.offline.get',
  'event.offline.list',
  'event.offline.error',
  'event.offline.error',
  'event.offline.clear',
];

/** Faults that happened on the way between the processes. */
interface FaultCount {
  lostAnswers: number;
  otherAnswers: number;
  cuts: number;
}

/** Loses and spoils answers, and cuts, stalls and resets both connections, until it is told to stop. */
export function torment(
  { portals, brokerProxy, portalProxy }: Scene,
  done: FaultCount,
  random: () => number,
): () => void {
  const timers = [
    setInterval(() => {
      const portal = portals[Math.floor(random() * portals.length)];
      if (portal === undefined) return;
      // The portal's database fails amid one command, which has done its work or not.
      const command = COMMANDS[Math.floor(random() * COMMANDS.length)];
      if (command !== undefined && random() < 0.3) {
        const sick = portal.inject({ method: command, kind: 'sql-error', commit: random() < 0.5 });
        setTimeout(() => {
          done.otherAnswers += sick.hits;
          sick.remove();
        }, 900);
      }
      const lost = random() < 0.7;
      const kind = lost
        ? (['drop-after-commit', 'drop-after-commit', 'drop-before-commit'] as const)[
            Math.floor(random() * 3)
          ]
        : (['html', 'truncated', 'error'] as const)[Math.floor(random() * 3)];
      const handle = portal.inject({
        method: 'batch',
        kind: kind ?? 'html',
        ...(kind === 'error' ? { status: 500, error: 'INTERNAL_SERVER_ERROR' } : {}),
      });
      setTimeout(() => {
        if (lost) done.lostAnswers += handle.hits;
        else done.otherAnswers += handle.hits;
        handle.remove();
      }, 900);
    }, 1000),
    setInterval(() => {
      const proxy = random() < 0.5 ? brokerProxy : portalProxy;
      done.cuts += 1;
      const roll = random();
      if (roll < 0.4) proxy.cut();
      else if (roll < 0.7)
        proxy.resetAfterBytes(Math.floor(random() * 4000), random() < 0.5 ? 'to-target' : 'from-target');
      else {
        proxy.stall();
        setTimeout(() => proxy.resume(), 300 + random() * 1500);
      }
    }, 2500),
  ];
  return () => {
    timers.forEach((timer) => clearInterval(timer));
    for (const proxy of [brokerProxy, portalProxy]) proxy.resume();
  };
}

/** Changes an object of a portal, which records a row for each source key under which that is bound. */
export function change(portals: readonly EmulatedPortal[], random: () => number): Pushed[] {
  const portal = portals[Math.floor(random() * portals.length)];
  if (portal === undefined) throw new Error('no portal');
  const id = 1 + Math.floor(random() * OBJECTS);
  const content =
    random() < 0.05 ? { dataText: oddNumbers(id % 10) } : { data: { FIELDS: { ID: String(id) } } };
  const keys = new Set(portal.bindings().map(({ connector }) => connector));
  return [...keys].flatMap((connector) => {
    const outcome = portal.push({ event: 'ONCRMDEALUPDATE', connector, ...content });
    const entry = portal.queue.journal.at(-1);
    if (outcome === null || entry === undefined) return [];
    return {
      memberId: portal.memberId,
      connector,
      messageId: outcome.messageId,
      rowId: outcome.id,
      changedAt: entry.timestamp,
      at: Date.now(),
    };
  });
}

/** mulberry32: the same faults in the same order for the same seed, as far as timing allows. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
