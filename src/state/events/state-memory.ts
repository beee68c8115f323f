/** Memory for the states in hand of all portals' objects; whoever has bytes of it gives them back. */
export class StateMemory {
  private used = 0;

  /** @param total bytes of JSON */
  constructor(private readonly total: number) {}

  /** Bytes in hand. */
  get inHand(): number {
    return this.used;
  }

  /** Whether nothing more should be read until some of it is published. */
  get full(): boolean {
    return this.used >= this.total;
  }

  /** Takes so many bytes; false, and nothing taken, where they do not fit. */
  take(bytes: number): boolean {
    if (this.used + bytes > this.total) return false;
    this.used += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.used -= bytes;
  }
}
