import { type Stage } from '../support/stage.js';
import { until } from '../support/until.js';

/** The service is promised to be back within 10 s; the rest is for a machine that is busy with other things. */
export const BACK_WITHIN_MS = 15_000;

/** What readiness says: the status and, of each service that is not there, why. */
export async function readiness(stage: Stage): Promise<{ status: number; reasons: Record<string, string> }> {
  const { status, body } = await stage.get('/health/ready');
  const { error = {} } = JSON.parse(body) as { error?: Record<string, { reason?: string }> };
  const reasons = Object.entries(error).map(([name, { reason = '' }]) => [name, reason] as const);
  return { status, reasons: Object.fromEntries(reasons) };
}

/** Waits until readiness is refused because of `service`, and returns the reason that it gives. */
export async function notReady(stage: Stage, service: 'broker' | 'database'): Promise<string> {
  let reason: string | undefined;
  await until(`readiness to be refused because of the ${service}`, async () => {
    const { status, reasons } = await readiness(stage);
    reason = status === 503 ? reasons[service] : undefined;
    return reason !== undefined;
  });
  return reason ?? '';
}

/** Waits until the service is ready again. */
export async function readyAgain(stage: Stage): Promise<void> {
  await withLog(stage, () =>
    until('readiness', async () => (await readiness(stage)).status === 200, BACK_WITHIN_MS),
  );
}

/** Waits until every object from 1 to `last` was delivered and the portal holds nothing more. */
export async function nothingLost(stage: Stage, last: number): Promise<void> {
  const missing = () => {
    const delivered = stage.delivered();
    return Array.from({ length: last }, (_, index) => String(index + 1)).filter((id) => !delivered.has(id));
  };
  await withLog(stage, async () => {
    await until('every event', () => missing().length === 0, BACK_WITHIN_MS).catch((error: unknown) => {
      throw new Error(`${missing().length} of ${last} events are missing`, { cause: error });
    });
    await until('an empty queue', () => stage.portal.rows().length === 0, BACK_WITHIN_MS);
  });
}

/** What fails in `work` fails with the end of the service's log. */
async function withLog(stage: Stage, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason}; the log ends with:\n${stage.bridge.output.slice(-6000)}`, { cause: error });
  }
}

/** What an outage costs: requests to the portal and lines of the log, by the second. */
export class Meter {
  private readonly startedAt = performance.now();
  private readonly requests: number;
  private readonly lines: number;

  constructor(private readonly stage: Stage) {
    this.requests = stage.portal.counters.requests;
    this.lines = stage.bridge.lines.length;
  }

  /** Per second since the start. */
  read(): { requests: number; lines: number } {
    const seconds = Math.max(1, (performance.now() - this.startedAt) / 1000);
    return {
      requests: (this.stage.portal.counters.requests - this.requests) / seconds,
      lines: (this.stage.bridge.lines.length - this.lines) / seconds,
    };
  }
}

/** Resolves with how many milliseconds the slowest answer of `/health/live` took while `work` ran. */
export async function slowestLiveAnswer(stage: Stage, work: () => Promise<unknown>): Promise<number> {
  let slowest = 0;
  let done = false;
  const asking = (async () => {
    while (!done) {
      const askedAt = performance.now();
      const { status } = await stage.get('/health/live');
      if (status !== 200) throw new Error(`/health/live answered ${status}`);
      slowest = Math.max(slowest, performance.now() - askedAt);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  try {
    await work();
  } finally {
    done = true;
    await asking;
  }
  return slowest;
}

/** For as long as an outage is to last. */
export function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}
