import { encodeDeadEvent, type EncodedEvent, encodeEvent, type EventFacts } from './event.js';
import { type EventHooks } from './event-hooks.js';

/** Makes messages of what the bridge knows. */
export interface EventEncoder {
  /** @throws UnencodableEvent where no message can be made */
  event(facts: EventFacts): EncodedEvent;
  /** Never throws; see {@link encodeDeadEvent}. */
  deadEvent(facts: EventFacts, reason: string, attempts: number): EncodedEvent;
}

/** By the contract, with replies to this queue and whatever the hooks change. */
export function eventEncoder(replyTo: string, hooks: EventHooks = {}): EventEncoder {
  return {
    event: (facts) => encodeEvent(facts, replyTo, hooks),
    deadEvent: (facts, reason, attempts) => encodeDeadEvent(facts, replyTo, reason, attempts, hooks),
  };
}
