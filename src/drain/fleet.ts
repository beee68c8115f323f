import { type PortalClient } from '../bitrix24/portal-client.js';
import { type PortalState } from '../database/schema.js';
import { type Ledger } from '../ledger/ledger.js';
import { type OutcomesRecorded } from '../ledger/record-outcomes.js';
import { type Log } from '../log.js';
import { mendBindings } from '../portals/binding-keeper.js';
import { type WantedBindings } from '../portals/bindings.js';
import { type Portal, type PortalRegistry } from '../portals/registry.js';
import { DispatchLoop } from './dispatch-loop.js';
import { type Dispatcher } from './dispatcher.js';
import { type LoopSettings, PortalLoop, type RoundListener } from './portal-loop.js';

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
  readonly wantedBindings: WantedBindings;
  readonly settings: LoopSettings;
  readonly listener: FleetListener;
  readonly log: Log;
}

interface Vessel {
  readonly rounds: PortalLoop;
  readonly dispatch: DispatchLoop;
  /** Failures reported since the last poke. */
  toMark: number;
}

/** Runs the loops of every portal: one of rounds, one of publishing, each by itself. */
export class Fleet {
  private readonly vessels = new Map<string, Vessel>();
  private stopped = false;

  constructor(private readonly deps: FleetDependencies) {}

  /** Starts the loops of every portal that is installed. */
  start(): void {
    for (const portal of this.deps.registry.list()) this.open(portal.memberId);
  }

  /** Starts a portal's loops; for one that runs already, with what is registered of it now. */
  open(memberId: string): void {
    const portal = this.deps.registry.get(memberId);
    if (portal === undefined || this.stopped) return;
    this.deps.listener.portalState(portal);
    const old = this.vessels.get(memberId);
    const vessel = this.build(portal);
    this.vessels.set(memberId, vessel);
    const start = () => {
      if (this.vessels.get(memberId) !== vessel || this.stopped) return;
      vessel.dispatch.start();
      if (portal.state !== 'uninstalled') vessel.rounds.start();
    };
    // Rounds of one portal never overlap, not even those of an old and a new installation.
    if (old === undefined) start();
    else void this.halt(old, 5000).then(start);
  }

  /** Something happened on the portal: its next round is due, in `inMs` at the latest. */
  poke(memberId: string, inMs = 0): void {
    this.vessels.get(memberId)?.rounds.poke(inMs);
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
      this.vessels.get(memberId)?.dispatch.kick();
    }
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
    await Promise.all([...this.vessels.values()].map((vessel) => this.halt(vessel, graceMs)));
    this.vessels.clear();
  }

  private async halt({ rounds, dispatch }: Vessel, graceMs: number): Promise<void> {
    await rounds.stop(graceMs);
    await dispatch.stop();
  }

  private build(portal: Portal): Vessel {
    const { registry, ledger, log, listener, settings, wantedBindings } = this.deps;
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
        setState: (state, reason) => this.setState(memberId, state, reason),
        mendBindings: (bound) => mendBindings(client, bound, wantedBindings, name, log),
      },
      client,
      ledger,
      settings,
      listener,
      log,
      brokerReady: this.deps.brokerReady,
      kickDispatch: () => dispatch.kick(),
    });
    return { rounds, dispatch, toMark: 0 };
  }

  private async setState(memberId: string, state: PortalState, reason: string | null): Promise<void> {
    const { registry, listener, log } = this.deps;
    if (!(await registry.setState(memberId, state, reason))) return;
    const portal = registry.get(memberId);
    if (portal === undefined) return;
    listener.portalState(portal);
    log[state === 'active' ? 'info' : 'error']({ event: 'portal.state', portal: portal.name, state, reason });
  }
}
