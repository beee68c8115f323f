import { type AnswerLimits } from './answer-limits.js';
import { type AnswerShare } from './answer-memory.js';
import { type AnswerTime } from './answer-time.js';
import { type CommandOutcome, type BatchCommandResult } from './batch.js';
import { type PortalAction } from './errors.js';

export interface CallOptions {
  /** Ends the wait for room in the rate budget; a request under way goes on. */
  signal?: AbortSignal;
  /** Cuts off a request under way as well, which leaves its outcome unknown. */
  cut?: AbortSignal;
  /** It gives way: it waits while others that do not give way need the rate budget. */
  beside?: boolean;
  /** What the answer takes of the memory for all answers, until its owner closes it; by default it may take any. */
  share?: AnswerShare;
  /** What the answer to this batch may be; by default what the client's answers may. */
  answers?: AnswerLimits | undefined;
  /** Called, and waited for, when the answer turns out to be a large one, before it is read on. */
  large?: () => Promise<void>;
}

export interface CallAnswer extends BatchCommandResult {
  time: AnswerTime;
}

export interface BatchAnswer {
  /** One outcome for every command, in the order of the commands. */
  results: Map<string, CommandOutcome>;
  time: AnswerTime;
  /** The same of every command, by name. */
  times: ReadonlyMap<string, AnswerTime>;
}

/** One HTTP request to a portal, for metrics. */
export interface RequestReport {
  method: string;
  /** `ok`, or what the error asks for. */
  outcome: 'ok' | PortalAction;
  durationMs: number;
}
