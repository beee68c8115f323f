import { type LoopDependencies, type RoundReport } from './loop-dependencies.js';
import { RoundRunner } from './round-runner.js';
import { RoundPause } from '../pacing/round-pause.js';

/** How long a loop waits that may do nothing; it is woken when it may. */
const STAND_BACK_MS = 5000;

/**
 * The rounds of one portal, one after another, with the pauses between them. Nothing that happens to one portal reaches another.
 */
export class PortalLoop {
  private readonly pausing = new RoundPause();
  private readonly stopping = new AbortController();
  private readonly cutting = new AbortController();
  private running: Promise<void> | null = null;
  private readonly rounds: RoundRunner;

  constructor(private readonly deps: LoopDependencies) {
    this.rounds = new RoundRunner(deps, { signal: this.stopping.signal, cut: this.cutting.signal });
  }

  /** Begins with the first round in `inMs`. */
  start(inMs = 0): void {
    this.running ??= this.run(inMs);
  }

  /** There may be something to do: ends the pause in `inMs` at the latest, unless it is a back-off. */
  wake(inMs = 0): void {
    this.pausing.wake(inMs);
  }

  /** Events of the portal were published: there may be room for more. */
  published(): void {
    if (this.rounds.heldBack) this.wake();
  }

  /** The portal has said that there is something. */
  notified(): void {
    this.rounds.notified();
    this.wake();
  }

  /** The cause of a long pause may be gone (a new installation, say): ends any pause. */
  endPause(): void {
    this.rounds.recovered();
    this.pausing.end();
  }

  /** The bindings may be gone: the next round checks them, and comes soon. */
  checkBindings(): void {
    this.rounds.checkBindings();
    this.wake();
  }

  /**
   * Starts no further round, and waits for the one under way; after `graceMs` it is cut off, and what it did is
   * found at the next start.
   */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    this.pausing.end();
    if (this.running === null) return;
    const cut = setTimeout(() => this.cutting.abort(), graceMs);
    await this.running;
    clearTimeout(cut);
    this.deps.listener.ledger(this.deps.portal.memberId, null);
  }

  private async run(firstInMs: number): Promise<void> {
    await this.pausing.pass(firstInMs, false);
    while (!this.stopping.signal.aborted) {
      // It is woken when the prefix is ours.
      if (this.deps.standsBack?.() === true) {
        this.pausing.roundBegins();
        await this.pausing.pass(STAND_BACK_MS, false);
        continue;
      }
      // Before anything is read: what the ledger said while it waited would be old.
      const leave = await this.deps.admission.enter(this.stopping.signal, this.rounds.limit);
      if (this.stopping.signal.aborted) return leave();
      this.pausing.roundBegins();
      const { nextInMs } = await this.runOnce().finally(leave);
      if (this.stopping.signal.aborted) return;
      const laterMs = () => (this.deps.busy?.() === true ? this.rounds.laterWhileBusyMs : 0);
      await this.pausing.pass(nextInMs, this.rounds.backingOff, laterMs);
    }
  }

  /** One round. Never rejects: what goes wrong is logged, and decides the pause. */
  runOnce(): Promise<RoundReport> {
    return this.rounds.runOnce();
  }
}
