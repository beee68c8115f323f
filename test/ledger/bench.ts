import { type Selectable } from 'kysely';
import { type Database } from '../../src/database/database.js';
import { type DeliveriesTable, type DeliveryState, type Flag } from '../../src/database/schema.js';
import { Ledger, type LedgerSettings } from '../../src/ledger/ledger.js';
import { type ReservedBatch, type ReservedEvent } from '../../src/ledger/record-reserved.js';
import { type Outcome } from '../../src/ledger/outcome.js';

export const MEMBER = 'a223c6b3710f85df22e9377d6c4f7553';
/** The tests' clock starts here. */
export const START = Date.UTC(2026, 0, 15, 12);

export const SETTINGS: LedgerSettings = {
  RETRY_MAX_ATTEMPTS: 3,
  RETRY_BASE_DELAY_MS: 30_000,
  RETRY_MAX_DELAY_MS: 3_600_000,
  SETTLE_AFTER_MS: 60_000,
  SETTLE_MODE: 'timeout',
  LATE_FAILURE_WINDOW_MS: 3_600_000,
  HISTORY_DAYS: 7,
  HISTORY_MAX_EVENTS: 1_000_000,
};

export type Delivery = Selectable<DeliveriesTable>;

/** What of a delivery a test cares to set; the rest follows from the message's name. */
export interface Put {
  readonly message: string;
  readonly process?: string;
  readonly member?: string;
  readonly row?: string;
  readonly changedAt?: number;
  readonly state: DeliveryState;
  readonly stateAt?: number;
  readonly held?: Flag;
  readonly errored?: Flag;
  readonly attempt?: number;
  readonly dueAt?: number | null;
  readonly reason?: string | null;
}

/** Rows of one statement: more parameters than SQLite takes would not fit. */
const PUT_AT_ONCE = 200;

/** A ledger on a test's database, with a clock that the test moves and a look behind the verbs. */
export class LedgerBench {
  now = START;
  readonly ledger: Ledger;

  constructor(
    private readonly open: () => Database,
    settings: Partial<LedgerSettings> = {},
  ) {
    this.ledger = new Ledger(open(), { ...SETTINGS, ...settings }, () => this.now);
  }

  /** Writes deliveries as they stand, past every verb. */
  async put(...deliveries: readonly Put[]): Promise<number[]> {
    const seqs: number[] = [];
    for (let from = 0; from < deliveries.length; from += PUT_AT_ONCE) {
      const rows = await this.open()
        .db.insertInto('deliveries')
        .values(
          deliveries.slice(from, from + PUT_AT_ONCE).map((delivery) => ({
            member_id: delivery.member ?? MEMBER,
            process_id: delivery.process ?? 'p1',
            message_id: delivery.message,
            row_id: delivery.row ?? rowOf(delivery.message),
            changed_at: delivery.changedAt ?? CHANGED_AT,
            event: 'ONCRMDEALUPDATE',
            payload: '{"FIELDS":{"ID":"1"}}',
            user_id: '1',
            state: delivery.state,
            state_at: delivery.stateAt ?? this.now,
            held: delivery.held ?? 1,
            errored: delivery.errored ?? 0,
            attempt: delivery.attempt ?? 1,
            due_at: delivery.dueAt ?? null,
            reason: delivery.reason ?? null,
            reserved_at: this.now,
          })),
        )
        .returning('seq')
        .execute();
      // They are numbered in the order in which they are given.
      seqs.push(...rows.map(({ seq }) => seq).sort((a, b) => a - b));
    }
    return seqs;
  }

  /** Every delivery, in the order of reservation. */
  all(): Promise<Delivery[]> {
    return this.open().db.selectFrom('deliveries').selectAll().orderBy('seq').execute();
  }

  /** The delivery of a message in a batch; undefined where the ledger has none. */
  async find(message: string, process = 'p1', member = MEMBER): Promise<Delivery | undefined> {
    return (await this.all()).find(
      (delivery) =>
        delivery.message_id === message && delivery.process_id === process && delivery.member_id === member,
    );
  }

  /** The same, or a failed test. */
  async get(message: string, process = 'p1', member = MEMBER): Promise<Delivery> {
    const found = await this.find(message, process, member);
    if (found === undefined) throw new Error(`the ledger has no ${message} in ${process}`);
    return found;
  }

  /** Reserves a batch as one round would. */
  async reserve(process: string, events: readonly ReservedEvent[], more: Partial<ReservedBatch> = {}) {
    const batch = { processId: process, events, errored: false, held: true, ...more };
    return this.ledger.applyRound(MEMBER, [{ type: 'reserved', batch }]);
  }

  /** Confirms everything reserved or due. */
  async publish(): Promise<number> {
    let count = 0;
    for (const kind of ['reserved', 'waiting'] as const) {
      count += await this.ledger.recordPublished(await this.ledger.nextPublishable(MEMBER, kind, 0, 1000));
    }
    return count;
  }

  /** One reply. */
  reply(outcome: Outcome['outcome'], messages: readonly string[] | string, more: Partial<Outcome> = {}) {
    return this.ledger.recordOutcomes([reply(outcome, messages, more)]);
  }
}

export const CHANGED_AT = START / 1000 - 60;

/** Row 17 for message m17. */
const rowOf = (message: string) => message.replace(/\D/g, '') || '1';

/** A row of the portal's queue. */
export function event(message: string, more: Partial<ReservedEvent> = {}): ReservedEvent {
  return {
    messageId: message,
    rowId: rowOf(message),
    changedAt: CHANGED_AT,
    event: 'ONCRMDEALUPDATE',
    data: { FIELDS: { ID: rowOf(message) } },
    userId: '1',
    ...more,
  };
}

export function reply(
  outcome: Outcome['outcome'],
  messages: readonly string[] | string,
  more: Partial<Outcome> = {},
): Outcome {
  return {
    memberId: MEMBER,
    processId: 'p1',
    messageIds: typeof messages === 'string' ? [messages] : messages,
    attempt: null,
    outcome,
    reason: outcome === 'failed' ? 'out of stock' : null,
    ...more,
  };
}

/** Counts of one portal, as plain objects compare. */
export const countOf = (map: ReadonlyMap<string, number>) => map.get(MEMBER) ?? 0;
