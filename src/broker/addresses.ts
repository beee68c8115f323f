import { type Phrase } from '../i18n/translate.js';
import { decoded } from './broker-login.js';
import { explainedFault } from './connection-fault.js';
import { reasonOf } from '../logging/reason.js';

/** The broker's addresses are unusable. Names the fault by position, as an address may hold a password. */
export class BrokerAddressError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BrokerAddressError';
  }
}

/**
 * The brokers to try, in turn, and a filter that keeps their credentials out of everything shown.
 * @throws {BrokerAddressError} when there is none, or one is not an `amqp://` or `amqps://` URL
 */
export class BrokerAddresses {
  private readonly secrets: string[] = [];

  constructor(readonly urls: readonly string[]) {
    if (urls.length === 0) throw new BrokerAddressError('no broker address is given');
    urls.forEach((text, index) => this.learn(text, index + 1));
    // A password that contains another must go first, or its rest would remain.
    this.secrets.sort((a, b) => b.length - a.length);
  }

  /** `host:port` of an address, fit for a log. */
  static hostOf(url: string): string {
    try {
      const { hostname, port, protocol } = new URL(url);
      return `${hostname}:${port === '' ? (protocol === 'amqps:' ? '5671' : '5672') : port}`;
    } catch {
      return 'unknown host';
    }
  }

  /** `text` without the password of any address. */
  redact(text: string): string {
    const bare = text.replace(/(\/\/[^\s/:@]*):[^\s/]*@/g, '$1:***@');
    return this.secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), bare);
  }

  /** What went wrong, in one line without credentials. */
  reasonOf(error: unknown): string {
    return this.redact(faultOf(error));
  }

  /** Why the broker at `url` cannot be used and what to do, without credentials. */
  explain(error: unknown, url: string): Promise<Phrase> {
    const code = codeOf(error);
    const words = faultOf(error);
    const said = code === '' || words.includes(code) ? words : `${code}: ${words}`;
    return explainedFault(said, url, (text) => this.redact(text));
  }

  private learn(text: string, position: number): void {
    let url: URL;
    try {
      url = new URL(text);
    } catch {
      throw new BrokerAddressError(
        `broker address ${position} is not a URL (special characters in a password must be percent-encoded)`,
      );
    }
    if (url.protocol !== 'amqp:' && url.protocol !== 'amqps:') {
      throw new BrokerAddressError(`broker address ${position} is neither amqp:// nor amqps://`);
    }
    // guest/guest and the like are no secret, and hiding the word would garble what the broker says.
    if (url.password === '' || url.password === url.username) return;
    this.secrets.push(url.password);
    const plain = decoded(url.password);
    if (plain !== url.password) this.secrets.push(plain);
  }
}

/**
 * The addresses as this process tries them: replicas that all took the first would crowd one node, and all move on
 * to the same next one.
 */
export function inRandomOrder(urls: readonly string[], random: () => number = Math.random): string[] {
  return urls
    .map((url) => ({ url, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ url }) => url);
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** A connection that just ends does so without an error. */
function faultOf(error: unknown): string {
  return error === undefined || error === null ? 'connection closed' : reasonOf(error);
}
