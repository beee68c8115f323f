import { type Log } from '../logging/log.js';
import { type Environment, tracesWanted } from './otel-variables.js';
import { reasonOf } from '../logging/reason.js';

/**
 * Starts an SDK where traces are wanted; nothing of it is loaded otherwise. Never fails: what goes wrong is logged.
 * @returns sends what is still to be sent, within 1.5 s
 */
export async function startTracing(env: Environment, log: Log): Promise<() => Promise<void>> {
  if (!tracesWanted(env)) return () => Promise.resolve();
  try {
    const { startSdk } = await import('./sdk.js');
    return await startSdk(env, log);
  } catch (error) {
    log.warn({
      event: 'tracing.not_started',
      reason: reasonOf(error),
    });
    return () => Promise.resolve();
  }
}
