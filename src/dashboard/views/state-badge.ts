import { type FoundState } from '../../ledger/search/event-filter.js';
import { type Html } from '../html/html.js';
import { type Words } from '../html/words.js';
import { badge } from './badge.js';

const TONES: Readonly<Partial<Record<FoundState, string>>> = {
  failed: 'warn',
  marked: 'warn',
  waiting: 'warn',
  refused: 'warn',
  dead: 'bad',
  processed: 'good',
};

/** An event's state, with the word that logs have for it where the reader's language has another. */
export function stateBadge({ language, t }: Words, state: FoundState): Html {
  return badge(TONES[state] ?? 'idle', t(`delivery.${state}`), language === 'en' ? null : state);
}
