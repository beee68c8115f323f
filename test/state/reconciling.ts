import { expect } from '@jest/globals';
import { type EmulatedPortal, type PortalOptions } from '../../emulator/index.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { install, openBeforeInstall } from '../support/before-install.js';
import { type Received } from '../support/downstream.js';
import { leave, OwnPortal } from '../support/own-portal.js';
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

type ReconcilingOptions = TestSystemOptions & { readonly portalAheadMs?: number };

/** A service that compares deals with events, with a clock that can be set forward, for a portal of each test's own. */
export class ReconcilingService {
  private constructor(
    readonly system: TestSystem<BridgeProcess>,
    readonly clock: { aheadMs: number },
  ) {}

  static async open(options: ReconcilingOptions = {}): Promise<ReconcilingService> {
    const clock = { aheadMs: 0 };
    const system = await openBeforeInstall(optionsWith(clock, options));
    return new ReconcilingService(system, clock);
  }

  /** Resolves when what there is on a new portal is learned. */
  async portal(objects: number, options: Partial<PortalOptions> = {}): Promise<Reconciling> {
    const own = new OwnPortal(this.system, { ...PACE, ...options });
    const { first } = own.portal.objects.seed(DEAL, { count: objects });
    await install(this.system, own.portal);
    await until('it to be learned', () => own.lines('reconcile.learned').length > 0);
    const reconciling = new Reconciling(this.system, own.portal, this.clock, first);
    await reconciling.pass(60_000);
    return reconciling;
  }
}

/** Rounds are made so often here that they would use up the ordinary budget. */
const PACE = { ratePerSecond: 50, burst: 250 };

const optionsWith = (
  clock: { readonly aheadMs: number },
  { portalAheadMs = 0, ...options }: ReconcilingOptions,
): TestSystemOptions & { readonly movableClock: true } => ({
  ...options,
  movableClock: true,
  emulator: { ...options.emulator, now: () => Date.now() + portalAheadMs + clock.aheadMs },
  portal: { ...PACE, ...options.portal },
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

/** A portal whose deals are compared with its events. */
export class Reconciling {
  constructor(
    readonly system: TestSystem<BridgeProcess>,
    readonly portal: EmulatedPortal,
    private readonly clock: { aheadMs: number },
    /** Id of the first object that was there from the beginning. */
    readonly first: number,
  ) {}

  /** With a service of its own; resolves when what there is is learned. */
  static async open(
    objects: number,
    { entityTypeId = DEAL, ...options }: ReconcilingOptions & { entityTypeId?: number } = {},
  ): Promise<Reconciling> {
    const clock = { aheadMs: 0 };
    const system = await TestSystem.prepare(optionsWith(clock, options));
    const { portal } = system;
    const first = objects > 0 ? portal.objects.seed(entityTypeId, { count: objects }).first : 0;
    const reconciling = new Reconciling(system, portal, clock, first);
    system.bridge.start();
    await system.bridge.logged('portal.installed');
    await system.downstream.start({});
    await system.bridge.logged('reconcile.learned');
    await reconciling.pass(60_000);
    return reconciling;
  }

  /** Of a shared service: it does not look at this portal any more. */
  async leave(): Promise<void> {
    await leave(this.system, this.portal);
  }

  /** Lets time pass, for the service and for the portal. */
  async pass(ms: number): Promise<void> {
    this.clock.aheadMs += ms;
    await this.system.bridge.setClockForward(ms);
    // A round or two.
    await new Promise((resolve) => setTimeout(resolve, 800));
  }

  /** Kills the service at once and starts it again, with the clock that it had. */
  async kill(settings: Record<string, string> = {}): Promise<void> {
    await this.system.bridge.stop('SIGKILL');
    await this.startAgain(settings);
  }

  /** Starts the service that has ended, with the clock that it had. */
  async startAgain(settings: Record<string, string> = {}): Promise<void> {
    const { bridge } = this.system;
    bridge.start(settings);
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
    await this.call('POST', `reconciliation/portals/${this.portal.name}/now`);
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
    return (await this.call<{ types: Type[] }>('GET', `reconciliation/portals/${this.portal.name}`)).types;
  }

  async missed(): Promise<MissedView[]> {
    const path = `reconciliation/missed?limit=500&portal=${this.portal.name}`;
    return (await this.call<{ items: MissedView[] }>('GET', path)).items;
  }

  async call<T>(method: string, path: string): Promise<T> {
    const response = await fetch(new URL(`/api/v1/${path}`, this.system.bridge.url), {
      method,
      headers: { authorization: `Bearer ${SECRET}` },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /**
   * The events that no row of the queue has announced. One whose confirmation is under way when the clock is set forward
   * is sent again, and counts once.
   */
  get received(): Received[] {
    const { memberId } = this.portal;
    const events = this.system.downstream.received.filter(
      ({ body }) => body['origin'] === 'reconciled' && body['memberid'] === memberId,
    );
    return [...new Map(events.map((event) => [event.body['id'], event])).values()];
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
