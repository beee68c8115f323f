import { expect } from '@jest/globals';
import { type EmulatedPortal } from '../../emulator/index.js';
import { type Received } from '../support/downstream.js';
import { TestSystem, type TestSystemOptions } from '../support/test-system.js';
import { until } from '../support/until.js';

export const DEAL = 2;
/** A person, and not the one for whom the application acts. */
export const SOMEBODY = { clientId: null, userId: 7, connector: '' };
/** A change that fires no event. */
export const SILENT = { silent: true } as const;

const SECRET = '0123456789abcdef0123456789abcdef';
/** Longer than a change's event may take. */
const OVER_MS = 61_000;

interface Type {
  readonly type: string;
  readonly objects: number;
  readonly lookedAt: string | null;
  readonly sweptAt: string | null;
  readonly learnedAt: string | null;
  readonly suspects: number;
  readonly trouble: string | null;
}

export interface MissedView {
  readonly subject: string;
  readonly change: string;
  readonly cause: string;
  readonly eventId: string;
}

/** A service that compares the deals of one portal with its events, with a clock that can be set forward. */
export class Reconciling {
  /** Id of the first deal that was there from the beginning. */
  first = 0;

  private constructor(
    readonly system: TestSystem,
    private readonly clock: { aheadMs: number },
  ) {}

  get portal(): EmulatedPortal {
    return this.system.portal;
  }

  /** Resolves when what there is is learned. */
  static async open(
    objects: number,
    {
      portalAheadMs = 0,
      entityTypeId = DEAL,
      ...options
    }: TestSystemOptions & { portalAheadMs?: number; entityTypeId?: number } = {},
  ): Promise<Reconciling> {
    const clock = { aheadMs: 0 };
    const system = await TestSystem.prepare({
      movableClock: true,
      ...options,
      emulator: { ...options.emulator, now: () => Date.now() + portalAheadMs + clock.aheadMs },
      // Rounds are made so often here that they would use up the ordinary budget.
      portal: { ratePerSecond: 50, burst: 250, ...options.portal },
      settings: {
        B24_RATE_PER_SECOND: '50',
        B24_RATE_BURST: '250',
        RECONCILE: 'crm.deal',
        RECONCILE_EVERY_MS: '3600000',
        API_TOKEN: `test:operate:${SECRET}`,
        API_RATE_PER_MINUTE: '100000',
        SETTLE_AFTER_MS: '500',
        ...options.settings,
      },
    });
    const reconciling = new Reconciling(system, clock);
    if (objects > 0)
      ({ first: reconciling.first } = system.portal.objects.seed(entityTypeId, { count: objects }));
    system.bridge.start();
    await system.bridge.logged('portal.installed');
    await system.downstream.start({});
    await system.bridge.logged('reconcile.learned');
    await reconciling.pass(60_000);
    return reconciling;
  }

  /** Lets time pass, for the service and for the portal. */
  async pass(ms: number): Promise<void> {
    this.clock.aheadMs += ms;
    await this.system.bridge.setClockForward(ms);
    // A round or two.
    await new Promise((resolve) => setTimeout(resolve, 800));
  }

  /** Kills the service at once and starts it again, with the clock that it had. */
  async kill(): Promise<void> {
    await this.system.bridge.stop('SIGKILL');
    await this.startAgain();
  }

  /** Starts the service that has ended, with the clock that it had. */
  async startAgain(settings: Record<string, string> = {}): Promise<void> {
    const { bridge } = this.system;
    Object.assign(bridge.settings, settings);
    bridge.start();
    await bridge.setClockForward(this.clock.aheadMs);
    await bridge.logged('http.listening');
  }

  /** What the time is on the portal, Unix seconds. */
  now(): number {
    return Math.floor((Date.now() + this.clock.aheadMs) / 1000);
  }

  /** Everything is compared, and what was seen has had its time. */
  async compare(): Promise<void> {
    const before = new Map((await this.types()).map((type) => [type.type, type]));
    await this.call('POST', 'reconciliation/portals/acme/now');
    await until('everything to be looked through', async () =>
      (await this.types()).every(({ type, lookedAt, sweptAt }) => {
        const earlier = before.get(type);
        // One that is met only now is not asked for.
        if (earlier === undefined) return true;
        return lookedAt !== earlier.lookedAt && sweptAt !== null && sweptAt !== earlier.sweptAt;
      }),
    );
    await this.settle();
  }

  /** What was seen and not announced has had its time. */
  async settle(): Promise<void> {
    const isSuspect = async () => (await this.types()).some(({ suspects }) => suspects > 0);
    for (let tries = 0; await isSuspect(); tries += 1) {
      if (tries === 20) throw new Error('something stays suspect');
      await this.pass(OVER_MS);
    }
  }

  async type(): Promise<Type> {
    const [type] = await this.types();
    if (type === undefined) throw new Error('nothing is reconciled');
    return type;
  }

  async types(): Promise<Type[]> {
    return (await this.call<{ types: Type[] }>('GET', 'reconciliation/portals/acme')).types;
  }

  async missed(): Promise<MissedView[]> {
    return (await this.call<{ items: MissedView[] }>('GET', 'reconciliation/missed?limit=500')).items;
  }

  async call<T>(method: string, path: string): Promise<T> {
    const response = await fetch(new URL(`/api/v1/${path}`, this.system.bridge.url), {
      method,
      headers: { authorization: `Bearer ${SECRET}` },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** The events that no row of the queue has announced. */
  get received(): Received[] {
    return this.system.downstream.received.filter(({ body }) => body['origin'] === 'reconciled');
  }

  /** What they say, in order. */
  told(): string[] {
    return this.received.map(({ body }) => `${String(body['type'])} ${String(body['subject'])}`).sort();
  }

  async tells(expected: readonly string[]): Promise<void> {
    await until('what was missed', () => this.told().length >= expected.length, 20_000).catch(
      () => undefined,
    );
    expect(this.told()).toEqual([...expected].sort());
  }
}
