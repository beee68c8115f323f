import { Phrase } from '../i18n/translate.js';
import { type Portal } from './portal-record.js';

/** What to do where another program drains a portal's queue with the application's keys. */
export const SHARED_ADVICE = Phrase.of('advice.shared');

/** A program that still drains it is seen every few minutes; one that was not seen for so long has gone. */
const LATELY_MS = 86_400_000;

/** Whether another program was seen to drain the portal's queue within the last day. */
export function sharedLately({ sharedSeenAt }: Pick<Portal, 'sharedSeenAt'>, now: number): boolean {
  return sharedSeenAt !== null && now - sharedSeenAt < LATELY_MS;
}
