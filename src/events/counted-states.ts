import { type DeliveryState } from '../database/schema.js';
import { Phrase } from '../i18n/translate.js';

/** `3 marked`, `1 dead`: how many are in which state. */
export function countedStates(counts: Readonly<Partial<Record<DeliveryState, number>>>): Phrase[] {
  return (Object.entries(counts) as [DeliveryState, number][]).map(([state, count]) =>
    Phrase.of('delivery.counted', { count, state: Phrase.of(`delivery.${state}`) }),
  );
}
