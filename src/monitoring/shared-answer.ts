/** An answer is given to all requests within this time. */
const GOOD_FOR_MS = 250;
/** Answering that is work may take this part of the time at most, however long one answer takes. */
const SHARE = 0.1;
const LONGEST_MS = 5000;

/**
 * One answer for all callers at the same time or soon after: the question is asked by the first of them only. A
 * failure is shared in the same way.
 */
export class SharedAnswer<T> {
  private current: Promise<T> | null = null;
  private until = Number.POSITIVE_INFINITY;

  /**
   * @param kind what answering costs. The answer that took long is good for longer where it is `work` of this process,
   * and not where it is `waiting` for others: what they were like then says nothing about now.
   */
  constructor(
    private readonly ask: () => Promise<T>,
    private readonly kind: 'work' | 'waiting',
  ) {}

  read(): Promise<T> {
    if (this.current !== null && performance.now() < this.until) return this.current;
    const startedAt = performance.now();
    const asked = this.ask();
    this.current = asked;
    this.until = Number.POSITIVE_INFINITY;
    const answered = () => {
      const now = performance.now();
      const earned = this.kind === 'work' ? (now - startedAt) / SHARE : 0;
      this.until = now + Math.min(Math.max(GOOD_FOR_MS, earned), LONGEST_MS);
    };
    asked.then(answered, answered);
    return asked;
  }
}
