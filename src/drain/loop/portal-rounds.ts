import { type RoundGate } from '../pacing/admission.js';
import { type LoopDependencies } from './loop-dependencies.js';
import { type PortalLoop } from './portal-loop.js';
import { Semaphore } from '../../timing/semaphore.js';

/** A round under way may take this long to end. */
const GRACE_MS = 5000;

interface PortalRoundsDependencies {
  /** The loop under the source key that the settings have. */
  readonly present: (place: LoopDependencies['admission']) => PortalLoop;
  /** A loop that finishes what is queued and held under a key that the portal had before. */
  readonly former: (key: string, place: LoopDependencies['admission']) => PortalLoop;
  /** The keys that are to be finished. */
  readonly formerKeys: () => readonly string[];
  /** Where rounds of all portals wait for their turn. */
  readonly admission: RoundGate;
}

/**
 * All rounds of one portal: those under its present source key, and beside them, for as long as there is something
 * left, those under each former one. Each key has a loop of its own, since none sees anything of another's rows. They
 * take turns, so that the portal has one request of ours at a time and none of them waits for long.
 */
export class PortalRounds {
  private readonly present: PortalLoop;
  private readonly former = new Map<string, PortalLoop>();
  private readonly ending = new Set<Promise<void>>();
  private readonly turn = new Semaphore(1);
  private readonly place: LoopDependencies['admission'];
  private started = false;
  private stopped = false;

  constructor(private readonly deps: PortalRoundsDependencies) {
    this.place = { enter: (signal, events) => this.enter(signal, events) };
    this.present = deps.present(this.place);
  }

  /** Begins with the first round in `inMs`. */
  start(inMs = 0): void {
    if (this.stopped) return;
    this.started = true;
    this.present.start(inMs);
    this.follow(inMs);
  }

  /** The keys to be finished have changed: starts rounds for new ones, and ends those of keys that are done. */
  follow(inMs = 0): void {
    if (!this.started || this.stopped) return;
    const wanted = new Set(this.deps.formerKeys());
    for (const [key, loop] of this.former) {
      if (wanted.has(key)) continue;
      this.former.delete(key);
      // It may be this very loop that says so, in the middle of a round.
      const ended = loop.stop(GRACE_MS).finally(() => this.ending.delete(ended));
      this.ending.add(ended);
    }
    for (const key of wanted) {
      if (this.former.has(key)) continue;
      const loop = this.deps.former(key, this.place);
      this.former.set(key, loop);
      loop.start(inMs);
    }
  }

  /** See {@link PortalLoop.wake}. */
  wake(inMs = 0): void {
    for (const loop of this.loops()) loop.wake(inMs);
  }

  /** Events of the portal were published: there may be room for more. */
  published(): void {
    for (const loop of this.loops()) loop.published();
  }

  /** The portal has said that there is something. */
  notified(): void {
    this.present.notified();
    // It does not say under which key.
    for (const loop of this.former.values()) loop.wake();
  }

  /** The cause of a long pause may be gone. */
  endPause(): void {
    for (const loop of this.loops()) loop.endPause();
  }

  /** The bindings may be gone. */
  checkBindings(): void {
    this.present.checkBindings();
  }

  /** Starts no further round, and waits for those under way; they are cut off after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.stopped = true;
    await Promise.all([...this.loops().map((loop) => loop.stop(graceMs)), ...this.ending]);
  }

  private loops(): PortalLoop[] {
    return [this.present, ...this.former.values()];
  }

  /** First the portal's own turn: a loop that waits for it must not hold a place that other portals need. */
  private async enter(signal: AbortSignal, events = 1): Promise<() => void> {
    if (!(await this.turn.take(signal))) return () => undefined;
    const leave = await this.deps.admission.enter(signal, events);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      leave();
      this.turn.release();
    };
  }
}
