import { type RoundApplied } from '../../src/ledger/apply-round.js';
import { type LedgerChange } from '../../src/ledger/ledger-change.js';
import { type Database } from '../../src/database/database.js';
import { Ledger, type LedgerSettings } from '../../src/ledger/ledger.js';
import { type Publishable } from '../../src/ledger/publishable.js';
import { type Refusal } from '../../src/ledger/refused.js';

/** The ledger, in a process that may die, or on a disk that may fail, just before a write. */
export class InterruptibleLedger extends Ledger {
  failNextWrite = false;
  /** Hears of confirms that were recorded. */
  recorded: (deliveries: readonly Publishable[]) => void = () => undefined;

  constructor(
    private readonly parts: { database: Database; settings: LedgerSettings; now: () => number },
    private readonly whole: InterruptibleLedger | null = null,
    key = '',
  ) {
    super(parts.database, parts.settings, parts.now, key);
  }

  override under(key: string): InterruptibleLedger {
    return new InterruptibleLedger(this.parts, this.whole ?? this, key);
  }

  override async applyRound(memberId: string, changes: readonly LedgerChange[]): Promise<RoundApplied> {
    this.gate();
    return super.applyRound(memberId, changes);
  }

  override async recordPublished(deliveries: readonly Publishable[]): Promise<number> {
    this.gate();
    const count = await super.recordPublished(deliveries);
    this.recorded(deliveries);
    return count;
  }

  override async recordRefused(refusals: readonly Refusal[]): Promise<number> {
    this.gate();
    return super.recordRefused(refusals);
  }

  override async recordDead(
    deliveries: readonly { readonly seq: number; readonly reason: string }[],
  ): Promise<number> {
    this.gate();
    return super.recordDead(deliveries);
  }

  private gate(): void {
    if (this.whole !== null) return this.whole.gate();
    if (!this.failNextWrite) return;
    this.failNextWrite = false;
    throw new Error('disk I/O error');
  }
}
