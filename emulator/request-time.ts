import { setTimeout as sleep } from 'node:timers/promises';

/** The portal cut a request that took too long: what it has done stays done, and there is no answer. */
export class RequestCut extends Error {
  constructor() {
    super('The request took too long');
    this.name = 'RequestCut';
  }
}

/** The time that one request may take. */
export class RequestTime {
  constructor(private leftMs: number) {}

  /** Spends execution time. @throws RequestCut when it runs out */
  async spend(ms: number): Promise<void> {
    if (ms <= 0) return;
    const cut = ms > this.leftMs;
    const spent = Math.min(ms, this.leftMs);
    this.leftMs -= spent;
    await sleep(spent);
    if (cut) throw new RequestCut();
  }
}
