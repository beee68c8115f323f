import { type BatchCommand } from './batch.js';
import { isObject, numberOf } from './json-values.js';

/** The `time` part of an answer. */
export interface AnswerTime {
  /** When the portal began, Unix seconds with fractions; our own clock where it left that out. */
  start: number;
  /** Seconds that the portal took; null where unsaid. */
  seconds: number | null;
  /** Seconds of execution time that the method used lately; null where unsaid. */
  operating: number | null;
  /** When its oldest part of that is forgotten, Unix milliseconds by our clock; null where unsaid. */
  operatingResetAt: number | null;
}

/** Where the portal does not say when a method's time is free again: its execution time counts by the minute. */
const UNSAID_RESET_MS = 60_000;

/** Reads the times in answers, and remembers each method's last, since a refusal need not repeat it. */
export class AnswerClock {
  private readonly resets = new Map<string, number>();

  constructor(private readonly now: () => number = () => Date.now()) {}

  read(method: string, time: unknown): AnswerTime {
    const fields = isObject(time) ? time : {};
    const operatingResetAt = this.toOurClock(fields);
    if (operatingResetAt !== null) this.resets.set(method, operatingResetAt);
    return {
      start: positive(fields['start']) ?? this.now() / 1000,
      seconds: amount(fields['duration']),
      operating: amount(fields['operating']),
      operatingResetAt,
    };
  }

  /** The same for every command of a batch, by name; and when each may be called again, should it be refused. */
  readCommands(
    commands: readonly BatchCommand[],
    answer: unknown,
  ): { times: Map<string, AnswerTime>; resets: Map<string, number> } {
    const said = isObject(answer) && isObject(answer['result_time']) ? answer['result_time'] : {};
    const times = new Map(commands.map(({ name, method }) => [name, this.read(method, said[name])]));
    const resets = new Map(commands.map(({ name, method }) => [name, this.resetOf(method, said[name])]));
    return { times, resets };
  }

  /** When a method refused for its execution time may be called again, Unix milliseconds by our clock. */
  resetOf(method: string, time: unknown): number {
    const said = isObject(time) ? this.toOurClock(time) : null;
    const remembered = this.resets.get(method) ?? 0;
    const until = said ?? remembered;
    return until > this.now() ? until : this.now() + UNSAID_RESET_MS;
  }

  /** The portal's clock may differ from ours, so only its differences count. */
  private toOurClock(time: Record<string, unknown>): number | null {
    const resetAt = positive(time['operating_reset_at']);
    if (resetAt === null) return null;
    const theirNow = positive(time['finish']) ?? positive(time['start']);
    return theirNow === null ? resetAt * 1000 : this.now() + (resetAt - theirNow) * 1000;
  }
}

function positive(value: unknown): number | null {
  const number = amount(value);
  return number === 0 ? null : number;
}

function amount(value: unknown): number | null {
  const number = typeof value === 'string' && value !== '' ? Number(value) : numberOf(value);
  return number !== undefined && Number.isFinite(number) && number >= 0 ? number : null;
}
