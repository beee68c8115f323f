import { type OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';

/** The service is promised to be back within 10 s; the rest is for a machine that is busy with other things. */
export const BACK_WITHIN_MS = 15_000;

/** The system's one portal, or one of several. */
type Place = TestSystem | OwnPortal;
const systemOf = (place: Place) => ('system' in place ? place.system : place);

/** What readiness says: the status and, of each service that is not there, why. */
export async function readiness(
  system: TestSystem,
): Promise<{ status: number; reasons: Record<string, string> }> {
  const { status, body } = await system.get('/health/ready');
  const { error = {} } = JSON.parse(body) as { error?: Record<string, { reason?: string }> };
  const reasons = Object.entries(error).map(([name, { reason = '' }]) => [name, reason] as const);
  return { status, reasons: Object.fromEntries(reasons) };
}

/**
 * Waits until readiness is refused because of `service`, and returns the reason that it gives.
 * @param because what the reason is to say: at the start it is another one at first
 */
export async function notReady(
  system: TestSystem,
  service: 'broker' | 'database',
  because = /(?:)/,
): Promise<string> {
  let reason: string | undefined;
  const refused = async () => {
    const { status, reasons } = await readiness(system);
    reason = status === 503 ? reasons[service] : undefined;
    return reason !== undefined && because.test(reason);
  };
  try {
    await until(`readiness to be refused because of the ${service}`, refused);
  } catch (cause) {
    throw new Error(`readiness gives no reason like ${String(because)}, but ${String(reason)}`, { cause });
  }
  return reason ?? '';
}

/** Waits until the service is ready again. */
export async function readyAgain(system: TestSystem): Promise<void> {
  await withLog(system, () =>
    until('readiness', async () => (await readiness(system)).status === 200, BACK_WITHIN_MS),
  );
}

/** Waits until every object from 1 to `last` was delivered and the portal holds nothing more. */
export async function nothingLost(place: Place, last: number): Promise<void> {
  const missing = () => {
    const delivered = place.delivered();
    return Array.from({ length: last }, (_, index) => String(index + 1)).filter((id) => !delivered.has(id));
  };
  await withLog(systemOf(place), async () => {
    await until('every event', () => missing().length === 0, BACK_WITHIN_MS).catch((error: unknown) => {
      throw new Error(`${missing().length} of ${last} events are missing`, { cause: error });
    });
    await until('an empty queue', () => place.portal.rows().length === 0, BACK_WITHIN_MS);
  });
}

/** What fails in `work` fails with the end of the service's log. */
async function withLog(system: TestSystem, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason}; the log ends with:\n${system.bridge.output.slice(-6000)}`, { cause: error });
  }
}

/** What an outage costs: requests to the portal and lines of the log, by the second. */
export class Meter {
  private readonly startedAt = performance.now();
  private readonly requests: number;
  private readonly lines: number;

  constructor(private readonly place: Place) {
    this.requests = place.portal.counters.requests;
    this.lines = systemOf(place).bridge.lines.length;
  }

  /** Per second since the start. */
  read(): { requests: number; lines: number } {
    const seconds = Math.max(1, (performance.now() - this.startedAt) / 1000);
    return {
      requests: (this.place.portal.counters.requests - this.requests) / seconds,
      lines: (systemOf(this.place).bridge.lines.length - this.lines) / seconds,
    };
  }
}

/** Resolves with how many milliseconds the slowest answer of `/health/live` took while `work` ran. */
export async function slowestLiveAnswer(system: TestSystem, work: () => Promise<unknown>): Promise<number> {
  let slowest = 0;
  let done = false;
  const asking = (async () => {
    while (!done) {
      const askedAt = performance.now();
      const { status } = await system.get('/health/live');
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
