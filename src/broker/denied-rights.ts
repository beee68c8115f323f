import { Phrase } from '../i18n/translate.js';
import { type BrokerLogger } from './logger.js';
import { type TopologyNames } from './topology.js';

/** A right that this user of the broker lacks. */
export interface DeniedRight {
  /** Why nothing works, with what to do. */
  readonly said: Phrase;
  /** Since when it is known, Unix ms. */
  readonly since: number;
}

/** The broker's words where a user lacks a right; of 4 with the right in front. */
const DENIED = /(?:\w+ )?access to (?:exchange|queue) '([^']+)' in vhost '.*' refused for user '.*'/;

/**
 * The rights without which the bridge cannot work, where the broker has refused them: to publish events, and to read
 * replies. It tells of one only when it is used, by ending the channel, so that a connection seems to be well meanwhile.
 */
export class DeniedRights {
  private readonly denied = new Map<string, DeniedRight>();

  constructor(
    private readonly names: Pick<TopologyNames, 'events' | 'replies'>,
    private readonly logger: BrokerLogger,
  ) {}

  /** Takes note of why a channel ended. @param words the broker's, credentials taken out */
  ended(words: string): void {
    const [denied, name = ''] = DENIED.exec(words) ?? [];
    const { events, replies } = this.names;
    if (denied === undefined || (name !== events && name !== replies) || this.denied.has(name)) return;
    const said = Phrase.of('fault.rightOnBroker', { words: denied });
    this.denied.set(name, { said, since: Date.now() });
    this.logger.error({ event: 'broker.right_missing', reason: said.in('en') });
  }

  /** It has let this user work with an exchange or queue. */
  granted(name: string): void {
    if (this.denied.delete(name)) this.logger.info({ event: 'broker.right_given', of: name });
  }

  /** The first that is known to be missing; null where none is. */
  get first(): DeniedRight | null {
    const [first = null] = this.denied.values();
    return first;
  }
}
