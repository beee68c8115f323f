import { type Log } from '../logging/log.js';
import { Periodic } from './periodic.js';

/** To count a million takes its time, and a few too many do no harm. */
const EVERY_MS = 300_000;

/** Forgets states of objects beyond `STATE_MAX_OBJECTS`, or not wanted any more. */
export function lastStatesJob(states: { run(): Promise<number> }, log: Log): Periodic {
  return new Periodic(
    'last_states_purge',
    EVERY_MS,
    async () => {
      const objects = await states.run();
      if (objects > 0) log.debug({ event: 'changes.forgotten', objects });
    },
    log,
  );
}
