/**
 * Tells our own changes from those of other processes: what was read of a portal while we were changing it is old,
 * however new it looks.
 */
export class OwnWrites {
  /** Under way, by portal. */
  private readonly running = new Map<string, number>();
  /** Ended since {@link readingBegins}. */
  private readonly ended = new Set<string>();

  async during<T>(memberId: string, write: () => Promise<T>): Promise<T> {
    this.running.set(memberId, (this.running.get(memberId) ?? 0) + 1);
    try {
      return await write();
    } finally {
      const left = (this.running.get(memberId) ?? 1) - 1;
      if (left > 0) this.running.set(memberId, left);
      else this.running.delete(memberId);
      this.ended.add(memberId);
    }
  }

  readingBegins(): void {
    this.ended.clear();
  }

  /** Whether we changed anything since the reading began, or are at it. */
  get any(): boolean {
    return this.running.size > 0 || this.ended.size > 0;
  }

  /** Whether we changed the portal since the reading began, or are at it. */
  touched(memberId: string): boolean {
    return this.running.has(memberId) || this.ended.has(memberId);
  }
}
