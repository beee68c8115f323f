import { type ChannelModel, connect } from 'amqplib';
import { Phrase } from '../i18n/translate.js';
import { BrokerAddresses } from './addresses.js';
import { brokersOf } from './broker-login.js';
import { destroySocket } from './amqp-handles.js';
import { within } from '../timing/within.js';

/** None of the addresses has a usable broker. `message` names each with its reason, without credentials. */
export class NoBroker extends Error {
  /** @param said the same in the reader's language */
  constructor(readonly said: Phrase) {
    super(said.in('en'));
    this.name = 'NoBroker';
  }
}

/** A connection for a few questions; end it with {@link disconnect}. */
export interface QuickConnection {
  readonly model: ChannelModel;
  /** `host:port`. */
  readonly host: string;
}

const CLOSE_MS = 2000;

/**
 * Connects to the first address that answers, once, and declares nothing.
 * @throws {NoBroker}
 */
export async function connectOnce(urls: readonly string[], timeoutMs: number): Promise<QuickConnection> {
  const addresses = new BrokerAddresses(urls);
  let said: Phrase | null = null;
  for (const { url, connectionOptions } of brokersOf(addresses.urls, { timeout: timeoutMs })) {
    const host = BrokerAddresses.hostOf(url);
    try {
      const model = await within(timeoutMs, connect(url, connectionOptions));
      model.on('error', () => undefined);
      return { model, host };
    } catch (error) {
      const then = Phrase.of('fault.at', { host, fault: await addresses.explain(error, url) });
      said = said === null ? then : Phrase.of('fault.both', { first: said, then });
    }
  }
  if (said === null) throw new TypeError('there is an address at least');
  throw new NoBroker(said);
}

/** Ends it, whether the broker agrees or not. */
export async function disconnect({ model }: QuickConnection): Promise<void> {
  await within(CLOSE_MS, model.close()).catch(() => undefined);
  destroySocket(model);
}
