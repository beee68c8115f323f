import { type RoundPlan } from '../round/round-command.js';
import { methodOf } from '../round/round-request.js';

/** Execution time is counted over ten minutes: whatever is said to last longer was said by another clock. */
const LONGEST_MS = 600_000;

/**
 * Methods of one portal that have used up their execution time. The portal refuses each of them by itself, and the
 * others go on.
 */
export class ThrottledMethods {
  private readonly until = new Map<string, number>();

  /** No command of this method before `until`, Unix ms. */
  throttle(method: string, until: number): void {
    this.until.set(method, until);
  }

  /** Whether any method is throttled. */
  any(now: number): boolean {
    for (const [method, until] of this.until) {
      if (until <= now || until > now + LONGEST_MS) this.until.delete(method);
    }
    return this.until.size > 0;
  }

  /** The plan without throttled methods; what is left out is planned again later. */
  leaveOut(plan: RoundPlan, now: number): RoundPlan {
    if (!this.any(now)) return plan;
    // A mark deletes the newer pending change of its object, which is reserved before it.
    const noMarks = this.until.has('event.offline.get');
    const commands = plan.commands.filter(
      (command) => !this.until.has(methodOf(command)) && !(noMarks && command.kind === 'mark'),
    );
    return commands.length === plan.commands.length ? plan : { commands, more: false };
  }
}
