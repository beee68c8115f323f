import { performance } from 'node:perf_hooks';

/** How long is looked back at least, ms: what is done in groups fills shorter stretches of a process that rests otherwise. */
const STRETCH_MS = 2000;
/** A process that works for more of the time is not at rest. */
const AT_REST = 0.5;

/** Whether this process has much to do: how much of the last seconds its event loop did not wait. */
export class EventLoopLoad {
  private from = performance.eventLoopUtilization();
  private takenAt = performance.now();
  private busyBefore = false;

  /** Whether the process has worked for more than half of the last two seconds, or of the time since it was last asked. */
  get busy(): boolean {
    const now = performance.now();
    if (now - this.takenAt < STRETCH_MS) return this.busyBefore;
    const current = performance.eventLoopUtilization();
    this.busyBefore = performance.eventLoopUtilization(current, this.from).utilization > AT_REST;
    this.from = current;
    this.takenAt = now;
    return this.busyBefore;
  }
}
