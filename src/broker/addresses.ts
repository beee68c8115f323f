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
    const bare = text.replace(/(\/\/[^\s/:@]*):[^\s/@]*@/g, '$1:***@');
    return this.secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), bare);
  }

  /** What went wrong, in one line without credentials. A failed connect over two IP families has no message. */
  reasonOf(error: unknown): string {
    if (!(error instanceof Error)) return 'connection closed';
    if (error instanceof AggregateError && error.message === '') {
      return this.redact(error.errors.map((part) => this.reasonOf(part)).join('; '));
    }
    return this.redact(error.message === '' ? error.name : error.message);
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

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
