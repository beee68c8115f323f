import { type PortalClient } from '../../bitrix24/portal-client.js';
import { type PortalState } from '../../database/schema.js';
import { type PortalLoops } from '../../replicas/ownership.js';
import { Admission } from '../pacing/admission.js';
import { firstRounds } from '../pacing/first-rounds.js';
import { ADVICE } from '../pacing/pacing.js';
import { type FleetDependencies } from './fleet-dependencies.js';
import { PortalBuilder, type RunningPortal } from './portal-builder.js';

/** A round under way may take this long to end when its portal is opened again or closed. */
const GRACE_MS = 5000;
/** A request is given up after 65 s, whatever the portal does. */
const LONGER_THAN_ANY_ROUND_MS = 90_000;

/** Runs the loops of every portal that this process owns: one of rounds, one of publishing, each by itself. */
export class Fleet implements PortalLoops {
  private readonly runningPortals = new Map<string, RunningPortal>();
  /** Loops that are to end before the next ones of their portal start. */
  private readonly ending = new Map<string, Promise<unknown>>();
  private stopped = false;
  private readonly admission: Admission;
  private readonly builder: PortalBuilder;

  constructor(private readonly deps: FleetDependencies) {
    this.admission = new Admission({ limit: deps.settings.DRAIN_CONCURRENCY });
    const dispatcher = deps.dispatcher({
      published: (memberId) => this.published(memberId),
      dead: (memberId) => this.settled(memberId),
    });
    this.builder = new PortalBuilder(deps, this.admission, dispatcher, {
      runs: (portal) => this.runningPortals.get(portal.memberId) === portal,
      setState: (memberId, state, reason) => this.setState(memberId, state, reason),
      dispatch: (memberId) => this.dispatch(memberId),
    });
  }

  gained(memberIds: readonly string[]): void {
    const starts = firstRounds(memberIds.length, this.deps.settings.DRAIN_INTERVAL_MS, Math.random());
    memberIds.forEach((memberId, index) => {
      // Found in the registry meanwhile, it runs already.
      if (this.runningPortals.get(memberId)?.permit.valid() !== true) this.open(memberId, starts[index]);
    });
  }

  lost(memberIds: readonly string[]): void {
    for (const memberId of memberIds) void this.abandon(memberId, 0);
  }

  /** A round under way is not cut off: what became of it would not be known. */
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
    const permit = this.deps.ownership.permit(memberId);
    if (permit === null) {
      this.deps.ownership.wake();
      return;
    }
    this.deps.listener.portalState(portal);
    const old = this.runningPortals.get(memberId);
    const runningPortal = this.builder.build(portal, permit);
    this.runningPortals.set(memberId, runningPortal);
    const start = () => {
      if (this.runningPortals.get(memberId) !== runningPortal || this.stopped) return;
      runningPortal.dispatch.start();
      runningPortal.beside?.start();
      if (this.deps.registry.get(memberId)?.state !== 'uninstalled') runningPortal.rounds.start(inMs);
    };
    // Rounds of one portal never overlap, not even those of an old and a new installation.
    if (old !== undefined) this.end(memberId, this.halt(old, GRACE_MS));
    const ending = this.ending.get(memberId);
    if (ending === undefined) start();
    else void ending.then(start);
  }

  /** Ends a portal's rounds: the application was uninstalled. What the ledger holds is still published. */
  close(memberId: string): void {
    const runningPortal = this.runningPortals.get(memberId);
    if (runningPortal === undefined) return;
    const portal = this.deps.registry.get(memberId);
    if (portal !== undefined) this.deps.listener.portalState(portal);
    this.end(memberId, runningPortal.rounds.stop(GRACE_MS));
  }

  /**
   * These portals have other names from now on: their loops go on under them. All at once, since a name that one gives
   * up may be another's by now.
   */
  renamed(changes: readonly { readonly memberId: string; readonly former: string }[]): void {
    for (const { former } of changes) this.deps.listener.portalGone(former);
    for (const { memberId } of changes) if (this.runningPortals.has(memberId)) this.open(memberId);
  }

  /** Ends everything about a portal that is no longer registered. */
  remove(memberId: string): void {
    const runningPortal = this.runningPortals.get(memberId);
    if (runningPortal === undefined) return;
    this.runningPortals.delete(memberId);
    this.admission.forget(memberId);
    this.end(memberId, this.halt(runningPortal, GRACE_MS));
  }

  /** Something happened on the portal: its next round is due, in `inMs` at the latest. */
  wake(memberId: string, inMs = 0): void {
    this.runningPortals.get(memberId)?.rounds.wake(inMs);
  }

  /** The portal has said that there is something. */
  notified(memberId: string): void {
    this.runningPortals.get(memberId)?.rounds.notified();
  }

  /** Events of a portal were published. */
  private published(memberId: string): void {
    this.runningPortals.get(memberId)?.rounds.published();
  }

  /** Deliveries of a portal were settled: their rows leave it within the interval of its rounds. */
  settled(memberId: string): void {
    this.wake(memberId, this.deps.settings.DRAIN_INTERVAL_MS);
  }

  /** Member ids of the portals whose rounds run in this process. */
  running(): Iterable<string> {
    return this.runningPortals.keys();
  }

  /** Whether a portal's rounds run in this process. */
  runsRounds(memberId: string): boolean {
    return this.runningPortals.has(memberId);
  }

  /** The client of a portal's rounds, whose budget it shares; undefined where this process does not run them. */
  clientOf(memberId: string): PortalClient | undefined {
    return this.runningPortals.get(memberId)?.client;
  }

  /** The cause of a portal's long pause may be gone; its state may have been changed for that. */
  endPause(memberId: string): void {
    const portal = this.deps.registry.get(memberId);
    if (portal !== undefined && this.runningPortals.has(memberId)) this.deps.listener.portalState(portal);
    const runningPortal = this.runningPortals.get(memberId);
    runningPortal?.rounds.endPause();
    runningPortal?.beside?.wake();
  }

  /** People want something of what works beside a portal's rounds. */
  wakeBeside(memberId: string): void {
    this.runningPortals.get(memberId)?.beside?.wake();
  }

  /** People have paused a portal: its rounds go on, and the next one reserves nothing new. */
  paused(memberId: string): void {
    const portal = this.deps.registry.get(memberId);
    if (portal !== undefined && this.runningPortals.has(memberId)) this.deps.listener.portalState(portal);
  }

  /** The portal may have dropped our bindings: they are checked with the next round. */
  checkBindings(memberId: string): void {
    this.runningPortals.get(memberId)?.rounds.checkBindings();
  }

  /** Deliveries of a portal are due. */
  dispatch(memberId: string): void {
    this.runningPortals.get(memberId)?.dispatch.wake();
    // What is published settles in a round, which has to know of it.
    this.settled(memberId);
  }

  /** Something that was refused may be due by now: a retry may have been asked for. */
  retryRefused(memberId: string): void {
    this.runningPortals.get(memberId)?.dispatch.wake();
  }

  /** So many more failures of a portal are to be marked. */
  toMark(memberId: string, count: number): void {
    const { FAILURE_BATCH_SIZE: size, FAILURE_BATCH_WAIT_MS: wait } = this.deps.settings;
    const runningPortal = this.runningPortals.get(memberId);
    if (runningPortal === undefined) return;
    runningPortal.toMark += count;
    const full = runningPortal.toMark >= size;
    if (full) runningPortal.toMark = 0;
    runningPortal.rounds.wake(full ? 0 : wait);
  }

  /** The broker takes events again. */
  brokerReady(): void {
    for (const { rounds, dispatch } of this.runningPortals.values()) {
      dispatch.wake();
      rounds.wake();
    }
  }

  /** Stops all rounds and waits for the confirms under way; rounds are cut off after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.stopped = true;
    const halting = [...this.runningPortals.values()].map((runningPortal) =>
      this.halt(runningPortal, graceMs),
    );
    await Promise.all([...halting, ...this.ending.values()]);
    this.runningPortals.clear();
  }

  /** Writes a portal's state, and says so where it is another one; a portal that is stopped tells what helps. */
  async setState(memberId: string, state: PortalState, reason: string | null): Promise<void> {
    const { registry, listener, log } = this.deps;
    const before = registry.get(memberId);
    // Trouble that passes by itself is no return of a portal that is stopped.
    if (before === undefined || (state === 'active' && reason !== null && before.state !== 'active')) return;
    if (!(await registry.setState(memberId, state, reason))) return;
    const portal = registry.get(memberId);
    if (portal === undefined) return;
    listener.portalState(portal);
    this.runningPortals.get(memberId)?.beside?.wake();
    const advice = ADVICE[state];
    log[state === 'active' ? 'info' : 'error']({
      event: 'portal.state',
      portal: portal.name,
      state,
      reason,
      ...(advice === null ? {} : { advice: advice.in('en') }),
    });
  }

  /** Ends a portal's loops, so that another replica can go on. */
  private async abandon(memberId: string, graceMs: number): Promise<void> {
    const runningPortal = this.runningPortals.get(memberId);
    if (runningPortal === undefined) return;
    const halted = this.halt(runningPortal, graceMs);
    this.end(memberId, halted);
    await halted;
    if (this.runningPortals.get(memberId) !== runningPortal) return;
    this.runningPortals.delete(memberId);
    this.deps.listener.portalGone(runningPortal.portalName);
  }

  private async halt({ rounds, dispatch, beside }: RunningPortal, graceMs: number): Promise<void> {
    await rounds.stop(graceMs);
    // What is being published has states of it.
    await dispatch.stop();
    await beside?.stop();
  }

  private end(memberId: string, ended: Promise<unknown>): void {
    const all: Promise<unknown> = Promise.all([this.ending.get(memberId), ended]).finally(() => {
      if (this.ending.get(memberId) === all) this.ending.delete(memberId);
    });
    this.ending.set(memberId, all);
  }
}
