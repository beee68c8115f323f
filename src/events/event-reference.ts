import { parseEventId } from '../contract/event.js';
import { type DeliveryReference } from '../ledger/find-deliveries.js';

/** Reads an event id, or the number of a delivery in the ledger; null for anything else. */
export function readReference(text: string): DeliveryReference | null {
  return /^\d{1,15}$/.test(text) ? { seq: Number(text) } : parseEventId(text);
}
