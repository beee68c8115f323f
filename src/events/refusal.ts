import { type Language } from '../i18n/language.js';
import { Phrase } from '../i18n/translate.js';
import { type DeliveryRecord } from '../ledger/find-deliveries.js';
import { DEAD_LETTER_KEY } from '../ledger/refused.js';

/** What to do where a queue refuses events. */
export const REFUSED_ADVICE = Phrase.of('advice.refused');

/** Which queues refuse: those bound for a routing key, or the one for dead letters. */
export function refusingQueue(key: string): Phrase {
  return key === DEAD_LETTER_KEY ? Phrase.of('refusal.deadLetters') : Phrase.of('refusal.boundFor', { key });
}

/**
 * Why a delivery is in its state: why it last failed, and, where a queue refuses it, which and how often in a row.
 * @param language of what we say of it ourselves; JSON has English
 */
export function reasonShown(
  {
    state,
    reason,
    refusals,
    refused_key: key,
  }: Pick<DeliveryRecord, 'state' | 'reason' | 'refusals' | 'refused_key'>,
  language: Language = 'en',
): string | null {
  if (state !== 'refused') return reason;
  const refused = Phrase.of('refusal.shown', { refusals, queue: refusingQueue(key ?? '') });
  const shown = reason === null ? refused : Phrase.of('refusal.failedBefore', { refused, reason });
  return shown.in(language);
}
