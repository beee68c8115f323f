import { type Channel, type ConsumeMessage } from 'amqplib';
import { HeldMessages, isWorn } from '../broker/held-messages.js';
import { type TopologyNames } from '../broker/topology.js';
import { readReturnedEvent } from '../contract/returned-event.js';
import { type Revived } from '../ledger/revive.js';
import { type Returned } from '../ledger/take-back.js';
import {
  type LeftBecause,
  MOST_IN_ONE_RUN,
  PAGE,
  type Republished,
  type RepublishOrder,
} from './republished.js';

/** An event as its dead letter has it. */
type Letter = Omit<Returned, 'reason'>;

/** What the letters are taken back into. */
export interface LetterBooks {
  /** One result for each. @throws the database's error; then none of them was changed */
  revive(letters: readonly Letter[]): Promise<Revived[]>;
  installed(memberId: string): boolean;
  /** What a letter's body may weigh, in bytes. */
  readonly maxBytes: number;
}

/**
 * Has the events of dead letters delivered again, oldest first: by the ledger, as a retry by hand, and not by publishing
 * the letter, so that replies to them count. A letter leaves its queue once the ledger has its event: whenever the
 * process ends, an event may come twice, and none is lost.
 * @param channel of its own; it is to be closed afterwards, which gives back what was passed by
 */
export async function republishDead(
  channel: Channel,
  names: TopologyNames,
  { key, count }: RepublishOrder,
  books: LetterBooks,
): Promise<Republished> {
  const messages = await HeldMessages.open(channel, names.dead);
  const left: Partial<Record<LeftBecause, number>> = {};
  const leave = (because: LeftBecause) => void (left[because] = (left[because] ?? 0) + 1);
  let republished = 0;
  let obsolete = 0;
  let cutShort = false;
  let page: { message: ConsumeMessage; letter: Letter }[] = [];

  const take = async (): Promise<void> => {
    const taken = page;
    page = [];
    const results = await books.revive(taken.map(({ letter }) => letter));
    for (const [at, { message }] of taken.entries()) {
      if (results[at] === 'kept') {
        leave('unreadable');
        continue;
      }
      if (results[at] === 'due') republished += 1;
      else obsolete += 1;
      messages.done(message);
    }
  };

  let chosen = 0;
  for (let passed = 0; chosen < count; passed += 1) {
    if (passed >= MOST_IN_ONE_RUN) {
      cutShort = true;
      break;
    }
    const message = await messages.next();
    if (message === null) break;
    const isChosen = key === null || message.fields.routingKey === key;
    const letter = isChosen ? letterIn(message, books.maxBytes) : null;
    if (letter !== null && books.installed(letter.memberId)) {
      chosen += 1;
      page.push({ message, letter });
      if (page.length >= PAGE) await take();
      continue;
    }
    if (isChosen) leave(letter === null ? 'unreadable' : 'unknown_portal');
    if (isWorn(channel, message)) {
      cutShort = true;
      break;
    }
  }
  if (page.length > 0) await take();
  return { republished, obsolete, left, cutShort };
}

/** Null for what is no event of this bridge's. A letter that was too large for its data has none. */
function letterIn({ content, properties }: ConsumeMessage, maxBytes: number): Letter | null {
  return readReturnedEvent(content, properties.contentEncoding, maxBytes);
}
