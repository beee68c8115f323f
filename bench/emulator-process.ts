import { type EmulatedPortal, startEmulator } from '../emulator/index.js';
import { readTask } from './support/child-program.js';

/**
 * A backlog that is there before anybody has read it, made up shortly before it is read: a million rows at once
 * would only measure this process's memory.
 */
export interface Backlog {
  readonly portals: readonly string[];
  /** Changes of each portal, of as many objects (1, 2, …). */
  readonly each: number;
  /** At least so many wait on a portal, while there are that many left. */
  readonly ahead: number;
}

const TOP_UP_EVERY_MS = 20;

/** The portals, in a process of their own. */
const { report } = await readTask<object>();
const emulator = await startEmulator({ host: '0.0.0.0', loopbackOnly: true });
process.on('message', (message: Backlog) => keepAhead(message));
report({ url: emulator.url, clientId: emulator.clientId, clientSecret: emulator.clientSecret });

function keepAhead({ portals, each, ahead }: Backlog): void {
  const unfinished = new Map<EmulatedPortal, number>();
  for (const name of portals) {
    const portal = emulator.findPortal(name);
    if (portal === null) throw new Error(`there is no portal ${name}`);
    unfinished.set(portal, 0);
  }
  const timer = setInterval(() => {
    for (const [portal, made] of unfinished) {
      const waiting = portal.queue.list({ filter: { PROCESS_ID: '', ERROR: 0 } }).total;
      if (waiting >= ahead) continue;
      const upTo = Math.min(each, made + 2 * ahead - waiting);
      for (let object = made + 1; object <= upTo; object += 1) {
        const data = { FIELDS: { ID: String(object) } };
        portal.push({ event: 'ONCRMDEALUPDATE', data, userId: '1', force: true });
      }
      // The record of every change ever made is the tests'; here it would only grow.
      portal.queue.journal.length = 0;
      if (upTo < each) unfinished.set(portal, upTo);
      else unfinished.delete(portal);
    }
    if (unfinished.size === 0) clearInterval(timer);
  }, TOP_UP_EVERY_MS);
}
