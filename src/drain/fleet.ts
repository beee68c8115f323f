import { type PortalClient } from '../bitrix24/portal-client.js';
import { type PortalState } from '../database/schema.js';
import { type Ledger } from '../ledger/ledger.js';
import { type OutcomesRecorded } from '../ledger/record-outcomes.js';
import { type Log } from '../log.js';
import { mendBindings } from '../portals/binding-keeper.js';
import { type WantedBindings } from '../portals/bindings.js';
import { type Portal, type PortalRegistry } from '../portals/registry.js';
import { Admission } from './admission.js';
import { DispatchLoop } from './dispatch-loop.js';
import { type Dispatcher } from './dispatcher.js';
import { ADVICE } from './pacing.js';
import { firstRounds } from './first-rounds.js';
import { type Notifies } from './idle-pace.js';
import { type LoopSettings, type RoundListener } from './loop-dependencies.js';
import { PortalLoop } from './portal-loop.js';

/** Who wants to hear of a portal's state, for metrics. */
export interface FleetListener extends RoundListener {
  portalState(portal: Portal): void;
}

export interface FleetDependencies {
  readonly registry: PortalRegistry;
  readonly ledger: Ledger;
  readonly dispatcher: Dispatcher;
  /** Opens a client for a portal, with a rate budget and tokens of its own. */
  readonly clientFor: (portal: Portal) => PortalClient;
  readonly brokerReady: () => boolean;
  readonly wantedBindings: Omit<WantedBindings, 'formerHandler'>;
  readonly settings: LoopSettings & { readonly DRAIN_CONCURRENCY: number };
  readonly listener: FleetListener;
  readonly log: Log;
}

interface Vessel {
  readonly rounds: PortalLoop;
  readonly dispatch: DispatchLoop;
  /** Failures reported since the last poke. */
  toMark: number;
}

/** A round under way may take this long to end when its portal is opened again or closed. */
const GRACE_MS = 5000;
/** Longer than an ordinary round takes. */
const ADMISSION_PATIENCE_MS = 5000;

/** Runs the loops of every portal: one of rounds, one of publishing, each by itself. */
export class Fleet {
  private readonly vessels = new Map<string, Vessel>();
  /** Loops that are to end before the next ones of their portal start. */
  private readonly ending = new Map<string, Promise<unknown>>();
  private stopped = false;

  private readonly admission: Admission;

  constructor(private readonly deps: FleetDependencies) {
    this.admission = new Admission({
      limit: deps.settings.DRAIN_CONCURRENCY,
      patienceMs: ADMISSION_PATIENCE_MS,
    });
  }

  /** Starts the loops of every portal that is installed. */
  start(): void {
    const portals = this.deps.registry.list();
    const starts = firstRounds(portals.length, this.deps.settings.DRAIN_INTERVAL_MS, Math.random());
    portals.forEach(({ memberId }, index) => this.open(memberId, starts[index]));
  }

  /**
   * Starts a portal's loops, its rounds after `inMs`; for one that runs already, with what is registered of it now.
   */
  open(memberId: string, inMs = 0): void {
    const portal = this.deps.registry.get(memberId);
    if (portal === undefined || this.stopped) return;
    this.deps.listener.portalState(portal);
    const old = this.vessels.get(memberId);
    const vessel = this.build(portal);
    this.vessels.set(memberId, vessel);
    const start = () => {
      if (this.vessels.get(memberId) !== vessel || this.stopped) return;
      vessel.dispatch.start();
      if (this.deps.registry.get(memberId)?.state !== 'uninstalled') vessel.rounds.start(inMs);
    };
    // Rounds of one portal never overlap, not even those of an old and a new installation.
    if (old !== undefined) this.end(memberId, this.halt(old, GRACE_MS));
    const ending = this.ending.get(memberId);
    if (ending === undefined) start();
    else void ending.then(start);
  }

  /** Ends a portal's rounds: the application was uninstalled. What the ledger holds is still published. */
  close(memberId: string): void {
    const portal = this.deps.registry.get(memberId);
    if (portal !== undefined) this.deps.listener.portalState(portal);
    const vessel = this.vessels.get(memberId);
    if (vessel !== undefined) this.end(memberId, vessel.rounds.stop(GRACE_MS));
  }

  /** Ends everything about a portal that is no longer registered. */
  remove(memberId: string): void {
    const vessel = this.vessels.get(memberId);
    if (vessel === undefined) return;
    this.vessels.delete(memberId);
    this.end(memberId, this.halt(vessel, GRACE_MS));
  }

  /** Something happened on the portal: its next round is due, in `inMs` at the latest. */
  poke(memberId: string, inMs = 0): void {
    this.vessels.get(memberId)?.rounds.poke(inMs);
  }

  /** The portal has announced new events. */
  announced(memberId: string): void {
    this.vessels.get(memberId)?.rounds.announced();
  }

  /** Deliveries of a portal were settled: their rows leave it within the interval of its rounds. */
  settled(memberId: string): void {
    this.poke(memberId, this.deps.settings.DRAIN_INTERVAL_MS);
  }

  /** The cause of a portal's long pause may be gone. */
  wakeUp(memberId: string): void {
    this.vessels.get(memberId)?.rounds.wakeUp();
  }

  /** The portal may have dropped our bindings: they are looked at with the next round. */
  checkBindings(memberId: string): void {
    this.vessels.get(memberId)?.rounds.checkBindings();
  }

  /** Deliveries of a portal are due. */
  dispatch(memberId: string): void {
    this.vessels.get(memberId)?.dispatch.kick();
    // What is published settles in a round, which has to know of it.
    this.settled(memberId);
  }

  /** Replies were recorded: what is to be marked or published again is due. */
  outcomes(recorded: OutcomesRecorded): void {
    const { FAILURE_BATCH_SIZE: size, FAILURE_BATCH_WAIT_MS: wait } = this.deps.settings;
    for (const [memberId, count] of recorded.toMark) {
      const vessel = this.vessels.get(memberId);
      if (vessel === undefined) continue;
      vessel.toMark += count;
      const full = vessel.toMark >= size;
      if (full) vessel.toMark = 0;
      vessel.rounds.poke(full ? 0 : wait);
    }
    for (const memberId of [...recorded.failed.keys(), ...recorded.lateFailed.keys()]) {
      this.dispatch(memberId);
    }
    for (const memberId of recorded.processed.keys()) this.settled(memberId);
  }

  /** The broker takes events again. */
  brokerReady(): void {
    for (const { rounds, dispatch } of this.vessels.values()) {
      dispatch.kick();
      rounds.poke();
    }
  }

  /** Stops all rounds and waits for the confirms under way; rounds are cut off after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.stopped = true;
    const halting = [...this.vessels.values()].map((vessel) => this.halt(vessel, graceMs));
    await Promise.all([...halting, ...this.ending.values()]);
    this.vessels.clear();
  }

  /** Writes a portal's state, and says so where it is another one; a portal that is stopped tells what helps. */
  async setState(memberId: string, state: PortalState, reason: string | null): Promise<void> {
    const { registry, listener, log } = this.deps;
    if (registry.get(memberId) === undefined) return;
    if (!(await registry.setState(memberId, state, reason))) return;
    const portal = registry.get(memberId);
    if (portal === undefined) return;
    listener.portalState(portal);
    const advice = ADVICE[state];
    log[state === 'active' ? 'info' : 'error']({
      event: 'portal.state',
      portal: portal.name,
      state,
      reason,
      ...(advice === undefined ? {} : { advice }),
    });
  }

  private async halt({ rounds, dispatch }: Vessel, graceMs: number): Promise<void> {
    await rounds.stop(graceMs);
    await dispatch.stop();
  }

  private end(memberId: string, ended: Promise<unknown>): void {
    const all: Promise<unknown> = Promise.all([this.ending.get(memberId), ended]).finally(() => {
      if (this.ending.get(memberId) === all) this.ending.delete(memberId);
    });
    this.ending.set(memberId, all);
  }

  private build(portal: Portal): Vessel {
    const { registry, ledger, log, listener, settings } = this.deps;
    const { memberId, name } = portal;
    const client = this.deps.clientFor(portal);
    const dispatch = new DispatchLoop({
      portal: { memberId, name, source: `${new URL(portal.clientEndpoint).protocol}//${portal.domain}` },
      dispatcher: this.deps.dispatcher,
      ledger,
      brokerReady: this.deps.brokerReady,
      log,
    });
    const rounds = new PortalLoop({
      portal: {
        memberId,
        name,
        extended: () => registry.get(memberId)?.extended ?? null,
        setExtended: (extended) => registry.setExtended(memberId, extended),
        // The last answer to an old installation says nothing of the new one.
        setState: async (state, reason) => {
          if (this.vessels.get(memberId) === vessel) await this.setState(memberId, state, reason);
        },
        mendBindings: (bound) => this.mendBindings(portal, client, bound),
      },
      client,
      ledger,
      settings,
      listener,
      log,
      brokerReady: this.deps.brokerReady,
      admission: this.admission,
      kickDispatch: () => dispatch.kick(),
    });
    const vessel: Vessel = { rounds, dispatch, toMark: 0 };
    return vessel;
  }

  private async mendBindings(
    { memberId, name }: Portal,
    client: PortalClient,
    bound: unknown,
  ): Promise<Notifies> {
    const { registry, wantedBindings, log } = this.deps;
    const formerHandler = registry.get(memberId)?.notificationHandler ?? null;
    const wanted = { ...wantedBindings, formerHandler };
    const { complete, notifies } = await mendBindings(client, bound, wanted, name, log);
    // Remembered once the former address is no longer bound.
    if (complete) await registry.setNotificationHandler(memberId, wantedBindings.notificationHandler);
    // Without its token no notification is believed.
    return registry.get(memberId)?.applicationToken == null ? 'no' : notifies;
  }
}
