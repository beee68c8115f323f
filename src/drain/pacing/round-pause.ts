import { WakeableSleep } from '../../timing/wakeable-sleep.js';

/** The pause between two rounds of one portal, which a wake ends early unless it is a back-off. */
export class RoundPause {
  private readonly pause = new WakeableSleep();
  /** When the pause under way ends, by the process's own clock; null while a round is under way. */
  private endsAt: number | null = null;
  private meant = false;
  /** When the pause after the round under way is to end at the latest. */
  private wantedAt = Number.POSITIVE_INFINITY;

  /** A round begins: it does what all wakes so far asked for. */
  roundBegins(): void {
    this.wantedAt = Number.POSITIVE_INFINITY;
  }

  /**
   * Passes the time up to the next round.
   * @param meant something went wrong: no wake shortens it
   * @param laterMs asked at its end, unless it was woken: how much longer it may last
   */
  async pass(ms: number, meant: boolean, laterMs = () => 0): Promise<void> {
    // A wake during the round may have come too late for it.
    const pauseMs = meant ? ms : Math.min(ms, this.wantedAt - performance.now());
    if (pauseMs <= 0) return;
    this.meant = meant;
    const endsAt = performance.now() + pauseMs;
    this.endsAt = endsAt;
    await this.pause.sleep(pauseMs);
    const woken = meant || pauseMs < ms || this.endsAt < endsAt;
    const moreMs = woken ? 0 : laterMs();
    if (moreMs > 0) {
      this.endsAt = performance.now() + moreMs;
      await this.pause.sleep(moreMs);
    }
    this.endsAt = null;
  }

  /** The next round is wanted in `inMs` at the latest. */
  wake(inMs: number): void {
    const at = performance.now() + inMs;
    if (this.endsAt === null) this.wantedAt = Math.min(this.wantedAt, at);
    else if (!this.meant && at < this.endsAt) {
      this.endsAt = at;
      this.pause.wakeIn(inMs);
    }
  }

  /** Ends the pause under way, or the next one, whatever it is for. */
  end(): void {
    if (this.endsAt !== null) this.endsAt = Number.NEGATIVE_INFINITY;
    this.pause.wakeIn(0);
  }
}
