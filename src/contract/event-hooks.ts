import { ExactNumber } from '../json/exact-number.js';
import { requireShortstr, UnencodableEvent } from './correlation-id.js';
import { type EventFacts, type EventOrigin } from './event-facts.js';

/** An event's body: a CloudEvents 1.0 envelope. */
export interface EventEnvelope {
  readonly specversion: '1.0';
  /** Names one change over all portals; the same for every delivery of it. */
  readonly id: string;
  /** The portal's address: `https://acme.bitrix24.com`. */
  readonly source: string;
  /** The event's code: `ONCRMDEALUPDATE`. */
  readonly type: string;
  /** The changed object, `crm.deal/123`, where the event names one. */
  subject?: string | undefined;
  /** The change on the portal, RFC 3339 in whole seconds. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** The portal's word in routing keys. */
  readonly portal: string;
  readonly memberid: string;
  readonly processid: string;
  readonly messageid: string;
  /** 1 for the first delivery. */
  readonly attempt: number;
  /** The routing key. */
  readonly pattern: string;
  /** Where it comes from, where that is not the portal's queue. */
  readonly origin?: EventOrigin | undefined;
  data: unknown;
  /** Attributes of your own: names of `a-z0-9`; a text, a whole number or a boolean each. */
  [extension: string]: unknown;
}

/**
 * What an application of your own may change about events. Hooks run for every delivery, retries included, and for
 * the dead letter; they must be quick, synchronous, and answer the same for the same facts. A hook that throws, or
 * whose answer cannot be used, sends its event to the dead-letter queue as the bridge would have made it, with the
 * reason; all others go on.
 */
export interface EventHooks {
  /**
   * The routing key of an event: words with dots between, at most 255 bytes, no word empty.
   * @param standard the key that consumers expect by the documented contract, `acme.crm.deal.update`
   */
  readonly routingKey?: (facts: Readonly<EventFacts>, standard: string) => string;
  /**
   * The body of an event. `data` and `subject` may be replaced and attributes added; every other attribute must stay
   * as it is, since replies name their delivery by them.
   */
  readonly envelope?: (event: EventEnvelope, facts: Readonly<EventFacts>) => EventEnvelope;
}

/** What replies, deduplication and routing need. */
const FIXED = [
  'specversion',
  'id',
  'source',
  'type',
  'time',
  'datacontenttype',
  'portal',
  'memberid',
  'processid',
  'messageid',
  'attempt',
  'pattern',
  'origin',
] as const;
const FREE: ReadonlySet<string> = new Set(['data', 'subject']);
const EXCERPT = 200;

/** @throws UnencodableEvent where the hook fails or its key is none */
export function hookedKey({ routingKey }: EventHooks, facts: EventFacts, standard: string): string {
  if (routingKey === undefined) return standard;
  const key: unknown = attempted('routing key', () => routingKey(Object.freeze({ ...facts }), standard));
  if (typeof key !== 'string')
    throw new UnencodableEvent(`the routing key hook gave ${kindOf(key)}, not a text`);
  if (key.split('.').includes(''))
    throw new UnencodableEvent('the routing key hook gave a key with an empty word');
  requireShortstr("the hook's routing key", key);
  return key;
}

/** @throws UnencodableEvent where the hook fails, or changes what must stay */
export function hookedEnvelope(
  { envelope }: EventHooks,
  facts: EventFacts,
  standard: EventEnvelope,
): EventEnvelope {
  if (envelope === undefined) return standard;
  return attempted('envelope', () => {
    const made: unknown = envelope({ ...standard }, Object.freeze({ ...facts }));
    if (typeof made !== 'object' || made === null || Array.isArray(made) || 'then' in made) {
      throw new UnencodableEvent(`the envelope hook gave ${kindOf(made)}, not an event`);
    }
    // A plain copy: what is checked is what is written, whatever methods or getters the hook's object has.
    const event = Object.fromEntries(Object.entries(made)) as EventEnvelope;
    check(event, standard);
    return event;
  });
}

/** @throws UnencodableEvent */
function check(event: EventEnvelope, standard: EventEnvelope): void {
  for (const name of FIXED) {
    if (event[name] !== standard[name]) throw new UnencodableEvent(`the envelope hook changed ${name}`);
  }
  for (const [name, value] of Object.entries(event)) {
    if (FREE.has(name) || (FIXED as readonly string[]).includes(name) || value === undefined) continue;
    if (!/^[a-z0-9]+$/.test(name)) {
      throw new UnencodableEvent(
        `the envelope hook added ${excerpt(name)}: attributes are named by a-z and 0-9`,
      );
    }
    if (typeof value !== 'string' && typeof value !== 'boolean' && !isWhole(value)) {
      throw new UnencodableEvent(`the envelope hook gave ${name} ${kindOf(value)}: that belongs into data`);
    }
  }
  if (event.data === undefined) throw new UnencodableEvent('the envelope hook left data out');
  if (event.subject !== undefined && (typeof event.subject !== 'string' || event.subject === '')) {
    throw new UnencodableEvent(`the envelope hook gave subject ${kindOf(event.subject)}`);
  }
}

/** Large ones too: an id of the portal is a fine attribute. */
function isWhole(value: unknown): boolean {
  return value instanceof ExactNumber ? /^-?\d+$/.test(value.text) : Number.isInteger(value);
}

function attempted<T>(what: string, hook: () => T): T {
  try {
    return hook();
  } catch (error) {
    if (error instanceof UnencodableEvent) throw error;
    throw new UnencodableEvent(`the ${what} hook failed: ${excerpt(wordsOf(error))}`);
  }
}

/** Anything can be thrown, even what no text can be made of. */
function wordsOf(error: unknown): string {
  if (error instanceof Error && typeof error.message === 'string') return error.message;
  return typeof error === 'string' ? error : 'what it threw is no error';
}

const excerpt = (text: string) => (text.split('\n', 1)[0] ?? '').slice(0, EXCERPT);

function kindOf(value: unknown): string {
  if (value === '') return 'an empty text';
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'then' in value ? 'a promise' : 'an object';
  return `a ${typeof value}`;
}
