import { Phrase } from '../i18n/translate.js';
import { type BrokerLogger } from './logger.js';
import { reasonOf } from '../logging/reason.js';

/**
 * `connecting`: the broker does not answer, or not yet; `up`: usable, topology declared; `blocked`: the broker
 * takes no messages at present (memory or disk alarm); `conflict`: it answers and refuses our topology; `taken`: the
 * prefix belongs to another bridge's database;
 * `closed`: closed by us for good.
 */
type BrokerState = 'connecting' | 'up' | 'blocked' | 'conflict' | 'taken' | 'closed';

export interface BrokerStatus {
  readonly state: BrokerState;
  /** Why it is not `up`, without credentials; null when there is nothing to say. */
  readonly reason: string | null;
  /** The same in the reader's language; null where only a program's own words are known. */
  readonly said: Phrase | null;
  /** When this state began, in Unix milliseconds. */
  readonly since: number;
}

export type BrokerStatusListener = (status: BrokerStatus) => void;

/** The present state, and the listeners that are told of the next. */
export class BrokerStatusBoard {
  private status: BrokerStatus = {
    state: 'connecting',
    reason: 'not started',
    said: null,
    since: Date.now(),
  };
  private readonly listeners = new Set<BrokerStatusListener>();

  constructor(private readonly logger: BrokerLogger) {}

  current(): BrokerStatus {
    return this.status;
  }

  onChange(listener: BrokerStatusListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A new reason within the same state is recorded, and listeners are not told. `closed` is final. */
  change(state: BrokerState, why: string | Phrase | null): void {
    const before = this.status;
    if (before.state === 'closed') return;
    const same = before.state === state;
    const said = why instanceof Phrase ? why : null;
    const reason = why instanceof Phrase ? why.in('en') : why;
    this.status = { state, reason, said, since: same ? before.since : Date.now() };
    if (same) return;
    for (const listener of [...this.listeners]) {
      try {
        listener(this.status);
      } catch (error) {
        // We are inside the client library's frame loop, where a throw would be taken for a broken connection.
        this.logger.error({ event: 'broker.listener_failed', reason: reasonOf(error) });
      }
    }
  }

  /**
   * Resolves with the first status whose state is among `states`, at once when the present one is.
   * @throws the signal's reason when aborted
   */
  until(states: readonly BrokerState[], signal?: AbortSignal): Promise<BrokerStatus> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(abortReason(signal));
      if (states.includes(this.status.state)) return resolve(this.status);
      const off = this.onChange((status) => {
        if (!states.includes(status.state)) return;
        done();
        resolve(status);
      });
      const aborted = () => {
        done();
        reject(abortReason(signal));
      };
      const done = () => {
        off();
        signal?.removeEventListener('abort', aborted);
      };
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }
}

function abortReason(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('aborted');
}
