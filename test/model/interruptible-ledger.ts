import { type LedgerChange, type RoundApplied } from '../../src/ledger/apply-round.js';
import { Ledger } from '../../src/ledger/ledger.js';
import { type Publishable } from '../../src/ledger/publishing.js';

/** The ledger, in a process that may die, or on a disk that may fail, just before a write. */
export class InterruptibleLedger extends Ledger {
  failNextWrite = false;
  /** Hears of confirms that were recorded. */
  recorded: (deliveries: readonly Publishable[]) => void = () => undefined;

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

  override async recordDead(
    deliveries: readonly { readonly seq: number; readonly reason: string }[],
  ): Promise<number> {
    this.gate();
    return super.recordDead(deliveries);
  }

  private gate(): void {
    if (!this.failNextWrite) return;
    this.failNextWrite = false;
    throw new Error('disk I/O error');
  }
}
