/** After a renewal that did not help, the next one waits this long, and twice as long each time; milliseconds. */
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 600_000;
/** Renewals for anything but an expired token: so many at once, and one more in this time. */
const AT_ONCE = 10;
const ONE_MORE_IN_MS = 300_000;

/**
 * When a portal's tokens may be renewed because it refused them. The authorization server blocks callers that renew all
 * the time, and a portal may refuse every token for hours: while it cannot ask that server itself, say.
 */
export class RenewalAllowance {
  private futile = 0;
  private notBefore = Number.NEGATIVE_INFINITY;
  private level = 0;
  private levelAt = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * Whether to renew now; counts it.
   * @param expired the portal called the token expired, which every token is after an hour
   */
  take(expired: boolean): boolean {
    const now = this.now();
    if (now < this.notBefore) return false;
    if (expired) return true;
    this.level = Math.max(0, this.level - (now - this.levelAt) / ONE_MORE_IN_MS);
    this.levelAt = now;
    if (this.level + 1 > AT_ONCE) return false;
    this.level += 1;
    return true;
  }

  /** The renewed token was refused as well. */
  didNotHelp(): void {
    this.notBefore = this.now() + Math.min(FIRST_WAIT_MS * 2 ** this.futile, LONGEST_WAIT_MS);
    this.futile = Math.min(this.futile + 1, 10);
  }

  /** The portal took a token. */
  accepted(): void {
    this.futile = 0;
    this.notBefore = Number.NEGATIVE_INFINITY;
  }
}
