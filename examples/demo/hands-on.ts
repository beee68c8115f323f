import { type Received } from './consumer.js';
import { type DemoPortals } from './portals.js';

/** Deals that nobody else changes; what concerns them fails the first time. */
const FIRST_DEAL = 9001;
const AT_ONCE = 3;
const ANOTHER_EVERY_MS = 20_000;
const OTHERS_PER_SECOND = 2;
const REASONS = ['customer 42 is unknown', 'currency XDR is not set up', 'the warehouse is closed'];

/**
 * What follows the books where somebody wants to try things out: events fail one by one, and nobody but whoever
 * looks at the dashboard retries them. What was missing is there by then: the second attempt succeeds.
 */
export class HandsOn {
  /** Failures wait longer than anybody watches. */
  static readonly SETTINGS = { RETRY_BASE_DELAY_MS: '1800000', RETRY_MAX_DELAY_MS: '3600000' };
  private nextDeal = FIRST_DEAL;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly portals: DemoPortals,
    private readonly say: (line: string) => void,
  ) {}

  invitation(url: string, password: string): string {
    return [
      'It goes on until Ctrl-C, slower; failed events now wait for half an hour before they are retried, or for you:',
      '',
      `  1. Open ${url}/events and log in with ${password}`,
      `  2. See deal ${FIRST_DEAL} and others fail: "${REASONS[0] ?? ''}". Suppose that somebody enters the customer.`,
      '  3. Press Retry. The event goes to the consumer again, and the line appears here.',
      '',
    ].join('\n');
  }

  start(): void {
    for (let deal = 0; deal < AT_ONCE; deal += 1) this.fail();
    this.timer = setInterval(() => this.fail(), ANOTHER_EVERY_MS);
    this.portals.startChanges(OTHERS_PER_SECOND);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.portals.stopChanges();
  }

  /** Why the consumer refuses an event; null where it does not. */
  refusal(event: Received): string | null {
    const deal = dealOf(event);
    return deal === null || event.attempt > 1
      ? null
      : (REASONS[(deal - FIRST_DEAL) % REASONS.length] ?? null);
  }

  /** Tells of the events that this is about. */
  received(event: Received): void {
    const deal = dealOf(event);
    if (deal === null) return;
    const outcome =
      event.failed === null
        ? `delivered again (attempt ${event.attempt}), done`
        : `failed: ${this.refusal(event) ?? ''}`;
    this.say(`${new Date().toTimeString().slice(0, 8)}  ${event.portal} deal ${deal}  ${outcome}`);
  }

  private fail(): void {
    const names = this.portals.portals;
    const portal = names[(this.nextDeal - FIRST_DEAL) % names.length];
    portal?.changeDeal(this.nextDeal);
    this.nextDeal += 1;
  }
}

function dealOf({ subject }: Received): number | null {
  const [, id] = /^crm\.deal\/(\d+)$/.exec(subject) ?? [];
  return id !== undefined && Number(id) >= FIRST_DEAL ? Number(id) : null;
}
