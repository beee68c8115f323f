import { type PortalClient } from '../bitrix24/portal-client.js';
import { type PortalState } from '../database/schema.js';
import { LeaseLost } from '../ledger/lease.js';
import { type Ledger } from '../ledger/ledger.js';
import { type Log } from '../log.js';
import { mendBindings } from '../portals/binding-keeper.js';
import { type WantedBindings } from '../portals/bindings.js';
import { type Portal, type PortalRegistry } from '../portals/registry.js';
import { Admission } from './admission.js';
import { DispatchLoop } from './dispatch-loop.js';
import { type Dispatcher, type PassResult } from './dispatcher.js';
import { type Crew, type Grant, type Ownership } from './ownership.js';
import { ADVICE } from './pacing.js';
import { firstRounds } from './first-rounds.js';
import { type Notifies } from './idle-pace.js';
import { type LoopSettings, type RoundListener } from './loop-dependencies.js';
import { PortalLoop } from './portal-loop.js';

/** Who wants to hear of a portal's state, for metrics. */
export interface FleetListener extends RoundListener {
  portalState(portal: Portal): void;
  /** Another process tells of this portal from now on. */
  portalGone(name: string): void;
}

export interface FleetDependencies {
  readonly registry: PortalRegistry;
  readonly ledger: Ledger;
  readonly ownership: Pick<Ownership, 'grant' | 'look'>;
  readonly dispatcher: Pick<Dispatcher, 'over'>;
  /** Opens a client for a portal, with a rate budget and tokens of its own; it sends nothing without a valid grant. */
  readonly clientFor: (portal: Portal, grant: Grant) => PortalClient;
  readonly brokerReady: () => boolean;
  readonly wantedBindings: Omit<WantedBindings, 'formerHandler'>;
  readonly settings: LoopSettings & { readonly DRAIN_CONCURRENCY: number };
  readonly listener: FleetListener;
  readonly log: Log;
}

interface Vessel {
  readonly grant: Grant;
  readonly portalName: string;
  readonly client: PortalClient;
  readonly rounds: PortalLoop;
  readonly dispatch: DispatchLoop;
  /** Failures reported since the last poke. */
  toMark: number;
}

/** A round under way may take this long to end when its portal is opened again or closed. */
const GRACE_MS = 5000;
/** A request is given up after 65 s, whatever the portal does. */
const LONGER_THAN_ANY_ROUND_MS = 90_000;
/** Longer than an ordinary round takes. */
const ADMISSION_PATIENCE_MS = 5000;

/** Runs the loops of every portal that this process owns: one of rounds, one of publishing, each by itself. */
export class Fleet implements Crew {
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

  gained(memberIds: readonly string[]): void {
    const starts = firstRounds(memberIds.length, this.deps.settings.DRAIN_INTERVAL_MS, Math.random());
    memberIds.forEach((memberId, index) => {
      // Found in the registry meanwhile, it runs already.
      if (this.vessels.get(memberId)?.grant.valid() !== true) this.open(memberId, starts[index]);
    });
  }

  lost(memberIds: readonly string[]): void {
    for (const memberId of memberIds) void this.abandon(memberId, 0);
  }

  /** A round under way is not cut off: what became of it would be known to nobody. */
  async handOver(memberId: string): Promise<void> {
    await this.abandon(memberId, LONGER_THAN_ANY_ROUND_MS);
  }

  /**
   * Starts a portal's loops where it is ours, its rounds after `inMs`; for one that runs already, with what is
   * registered of it now.
   */
  open(memberId: string, inMs = 0): void {
    const portal = this.deps.registry.get(memberId);
    if (portal === undefined || this.stopped) return;
    const grant = this.deps.ownership.grant(memberId);
    if (grant === null) {
      this.deps.ownership.look();
      return;
    }
    this.deps.listener.portalState(portal);
    const old = this.vessels.get(memberId);
    const vessel = this.build(portal, grant);
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
    const vessel = this.vessels.get(memberId);
    if (vessel === undefined) return;
    const portal = this.deps.registry.get(memberId);
    if (portal !== undefined) this.deps.listener.portalState(portal);
    this.end(memberId, vessel.rounds.stop(GRACE_MS));
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

  /** Events of a portal were published. */
  published(memberId: string): void {
    this.vessels.get(memberId)?.rounds.published();
  }

  /** Deliveries of a portal were settled: their rows leave it within the interval of its rounds. */
  settled(memberId: string): void {
    this.poke(memberId, this.deps.settings.DRAIN_INTERVAL_MS);
  }

  /** Whether a portal's rounds run in this process. */
  runsRounds(memberId: string): boolean {
    return this.vessels.has(memberId);
  }

  /** The client of a portal's rounds, whose budget it shares; undefined where this process does not run them. */
  clientOf(memberId: string): PortalClient | undefined {
    return this.vessels.get(memberId)?.client;
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

  /** So many more failures of a portal are to be marked. */
  toMark(memberId: string, count: number): void {
    const { FAILURE_BATCH_SIZE: size, FAILURE_BATCH_WAIT_MS: wait } = this.deps.settings;
    const vessel = this.vessels.get(memberId);
    if (vessel === undefined) return;
    vessel.toMark += count;
    const full = vessel.toMark >= size;
    if (full) vessel.toMark = 0;
    vessel.rounds.poke(full ? 0 : wait);
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

  /** Ends a portal's loops for somebody else to go on. */
  private async abandon(memberId: string, graceMs: number): Promise<void> {
    const vessel = this.vessels.get(memberId);
    if (vessel === undefined) return;
    const halted = this.halt(vessel, graceMs);
    this.end(memberId, halted);
    await halted;
    if (this.vessels.get(memberId) !== vessel) return;
    this.vessels.delete(memberId);
    this.deps.listener.portalGone(vessel.portalName);
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

  private build(portal: Portal, grant: Grant): Vessel {
    const { registry, log, listener, settings } = this.deps;
    const { memberId, name } = portal;
    const client = this.deps.clientFor(portal, grant);
    const ledger = this.deps.ledger.fencedBy(grant.lease, () => grant.refused());
    const dispatcher = this.deps.dispatcher.over(ledger);
    const dispatch = new DispatchLoop({
      portal: { memberId, name, source: `${new URL(portal.clientEndpoint).protocol}//${portal.domain}` },
      dispatcher: {
        pass: (identity, stopping) =>
          unlessLost(() => dispatcher.pass(identity, () => stopping() || !grant.valid())),
      },
      ledger,
      brokerReady: () => this.deps.brokerReady() && grant.valid(),
      log,
    });
    /** The last answer to an old installation says nothing of the new one, or to the portal's next owner. */
    const current = () => this.vessels.get(memberId) === vessel && grant.valid();
    const rounds = new PortalLoop({
      portal: {
        memberId,
        name,
        extended: () => registry.get(memberId)?.extended ?? null,
        setExtended: async (extended) => {
          if (grant.valid()) await registry.setExtended(memberId, extended);
        },
        setState: async (state, reason) => {
          if (current()) await this.setState(memberId, state, reason);
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
    const vessel: Vessel = { grant, client, portalName: name, rounds, dispatch, toMark: 0 };
    return vessel;
  }

  private async mendBindings(
    { memberId, name }: Portal,
    client: PortalClient,
    bound: unknown,
  ): Promise<Notifies> {
    const { registry, wantedBindings, log } = this.deps;
    const known = registry.get(memberId);
    // Without its token no announcement is believed: each would be refused, and counted against its sender.
    const provable = known?.applicationToken != null;
    const notificationHandler = provable ? wantedBindings.notificationHandler : null;
    const wanted = {
      ...wantedBindings,
      notificationHandler,
      formerHandler: known?.notificationHandler ?? null,
    };
    const { complete, notifies } = await mendBindings(client, bound, wanted, name, log);
    // Remembered once the former address is no longer bound.
    if (complete) await registry.setNotificationHandler(memberId, notificationHandler);
    return provable ? notifies : 'no';
  }
}

/** A pass over what somebody else publishes by now has done nothing that counts; its loop is being stopped. */
async function unlessLost(pass: () => Promise<PassResult>): Promise<PassResult> {
  try {
    return await pass();
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    return { confirmed: 0, dead: 0, unconfirmed: 0, reason: null };
  }
}
