import { BAD_ANSWERS, type BadAnswer, isBadAnswer } from './bad-answers.js';

/**
 * What can go wrong with one request, beside the ways to answer badly ({@link BadAnswer}):
 * - `drop-before-commit`: the connection breaks and nothing was done
 * - `drop-after-commit`: everything was done and the answer never arrives
 * - `error`: an error answer (`status`, `error`, `description`)
 * - `sql-error`: the error answer of a portal whose database failed amid the work
 * - `html`: a web page instead of JSON
 * - `truncated`: the first half of the JSON answer
 * - `delay`: the request waits `ms` before anything happens
 * - `stall`: the answer never comes and the connection stays open
 */
type FaultKind =
  | 'drop-before-commit'
  | 'drop-after-commit'
  | 'error'
  | 'sql-error'
  | 'html'
  | 'truncated'
  | 'delay'
  | 'stall'
  | BadAnswer;

export interface Fault {
  /**
   * A method's name, `batch`, `oauth` or `*`. A command's name also meets the batch that carries it: `error` and
   * `sql-error` then fail that command alone, every other kind hits the whole request.
   */
  method: string;
  kind: FaultKind;
  /** How many requests to hit: 1 by default; Infinity for all. */
  times?: number;
  /** Chance of hitting a request, from 0 to 1; 1 by default. */
  probability?: number;
  /** Whether the request takes effect. By default it does for `truncated` and `stall`, and not for errors, `html` and bad answers. */
  commit?: boolean;
  status?: number;
  error?: string;
  description?: string;
  /** Milliseconds of `delay`. */
  ms?: number;
  /** Size of a bad answer, unpacked; 60 million by default. */
  bytes?: number;
}

export const FAULT_KINDS: readonly FaultKind[] = [
  'drop-before-commit',
  'drop-after-commit',
  'error',
  'sql-error',
  'html',
  'truncated',
  'delay',
  'stall',
  ...BAD_ANSWERS,
];

/** Whether the request's effects happen in spite of the fault. */
export function commits(fault: Fault): boolean {
  const { kind } = fault;
  if (isBadAnswer(kind)) return fault.commit ?? false;
  switch (kind) {
    case 'drop-before-commit':
      return false;
    case 'drop-after-commit':
    case 'delay':
      return true;
    case 'truncated':
    case 'stall':
      return fault.commit ?? true;
    case 'error':
    case 'sql-error':
    case 'html':
      return fault.commit ?? false;
  }
}

const SQL_ERROR = {
  kind: 'error',
  status: 500,
  error: 'ERROR_CORE',
  description: 'SQL query error!',
} as const;

interface ArmedFault {
  readonly fault: Fault;
  left: number;
  hits: number;
}

export interface FaultHandle {
  /** Requests hit so far. */
  readonly hits: number;
  remove(): void;
}

/** Faults waiting for a request to hit. */
export class FaultSet {
  private armed: ArmedFault[] = [];

  constructor(private readonly random: () => number = Math.random) {}

  /** @throws Error for an unknown kind or an empty method */
  inject(fault: Fault): FaultHandle {
    if (!FAULT_KINDS.includes(fault.kind)) throw new Error(`Unknown kind of fault: ${fault.kind}`);
    if (fault.method === '') throw new Error('A fault needs the name of a method, batch, oauth or *');
    const armed: Fault = fault.kind === 'sql-error' ? { ...fault, ...SQL_ERROR } : fault;
    const entry: ArmedFault = { fault: armed, left: fault.times ?? 1, hits: 0 };
    this.armed.push(entry);
    return {
      get hits() {
        return entry.hits;
      },
      remove: () => {
        this.armed = this.armed.filter((other) => other !== entry);
      },
    };
  }

  clear(): void {
    this.armed = [];
  }

  /** Takes the first fault that meets one of the names, the fault's method and `accepts`. */
  take(names: readonly string[], accepts: (fault: Fault) => boolean = () => true): Fault | null {
    for (const entry of this.armed) {
      const { fault } = entry;
      if (fault.method !== '*' && !names.includes(fault.method.toLowerCase())) continue;
      if (!accepts(fault) || this.random() >= (fault.probability ?? 1)) continue;
      entry.hits += 1;
      entry.left -= 1;
      if (entry.left <= 0) this.armed = this.armed.filter((other) => other !== entry);
      return fault;
    }
    return null;
  }
}

/** Takes the first fault of several sets that meets one of the names. */
export function takeFault(
  sets: readonly FaultSet[],
  names: readonly string[],
  accepts: (fault: Fault) => boolean,
): Fault | null {
  for (const set of sets) {
    const fault = set.take(names, accepts);
    if (fault) return fault;
  }
  return null;
}
