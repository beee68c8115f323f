import { type Log } from '../logging/log.js';

/** Why something was refused before it reached the application. */
export const REFUSAL_REASONS = [
  'path',
  'method',
  'url',
  'body',
  'requests',
  'unreadable',
  'timeout',
  'connections',
  'unread',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** One line a minute, however many there are. */
const LINE_EVERY_MS = 60_000;

/** Counts what the HTTP port refuses, and has the log tell of it once a minute at most. */
export class Refusals {
  private readonly since = new Map<RefusalReason, number>();
  private latestFrom = '';
  private quiet: NodeJS.Timeout | null = null;

  constructor(
    private readonly log: Log,
    private readonly counted: (reason: RefusalReason) => void,
  ) {}

  count(reason: RefusalReason, from: string): void {
    this.counted(reason);
    this.since.set(reason, (this.since.get(reason) ?? 0) + 1);
    this.latestFrom = from;
    if (this.quiet === null) this.tell();
  }

  private tell(): void {
    this.quiet = null;
    if (this.since.size === 0) return;
    this.log.warn({ event: 'http.refused', ...Object.fromEntries(this.since), latestFrom: this.latestFrom });
    this.since.clear();
    this.quiet = setTimeout(() => this.tell(), LINE_EVERY_MS).unref();
  }
}
