import { AlarmClock } from './alarm-clock.js';

/** The pause between two rounds of one portal, which others may end early unless it is meant as one. */
export class RoundPause {
  private readonly alarm = new AlarmClock();
  /** When the pause under way ends, by the process's own clock; null while a round is under way. */
  private endsAt: number | null = null;
  private meant = false;
  /** When the pause after the round under way is to end at the latest. */
  private pokedFor = Number.POSITIVE_INFINITY;

  /** A round begins: it does what everybody poked for so far. */
  roundBegins(): void {
    this.pokedFor = Number.POSITIVE_INFINITY;
  }

  /**
   * Passes the time up to the next round.
   * @param meant something went wrong: no poke shortens it
   */
  async pass(ms: number, meant: boolean): Promise<void> {
    // Whoever poked during a round may have come too late for it.
    const pauseMs = meant ? ms : Math.min(ms, this.pokedFor - performance.now());
    if (pauseMs <= 0) return;
    this.meant = meant;
    this.endsAt = performance.now() + pauseMs;
    await this.alarm.sleep(pauseMs);
    this.endsAt = null;
  }

  /** The next round is wanted in `inMs` at the latest. */
  poke(inMs: number): void {
    const at = performance.now() + inMs;
    if (this.endsAt === null) this.pokedFor = Math.min(this.pokedFor, at);
    else if (!this.meant && at < this.endsAt) {
      this.endsAt = at;
      this.alarm.ringIn(inMs);
    }
  }

  /** Ends the pause under way, or the next one, whatever it is for. */
  end(): void {
    this.alarm.ringIn(0);
  }
}
