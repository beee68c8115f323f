import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isPhpArray, phpEntries, phpString } from './php.js';

/** One POST of the portal to a handler, and what became of it. */
export interface Notification {
  /** '' where an application's page was opened. */
  readonly event: string;
  readonly url: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The handler's HTTP status; null when it could not be reached. */
  readonly status: number | null;
  readonly error: string | null;
}

const HANDLER_TIMEOUT_MS = 5000;

function* pairs(value: unknown, name: string): Generator<[string, string]> {
  if (!isPhpArray(value)) {
    yield [name, phpString(value)];
    return;
  }
  for (const [key, inner] of phpEntries(value)) yield* pairs(inner, `${name}[${key}]`);
}

/** Form encoding with bracketed names, as PHP's http_build_query makes it. */
function bracketedForm(fields: Record<string, unknown>): string {
  const form = new URLSearchParams();
  for (const [key, value] of Object.entries(fields)) {
    for (const [name, text] of pairs(value, key)) form.append(name, text);
  }
  return form.toString();
}

function post(url: string, body: string, signal: AbortSignal): Promise<number> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method: 'POST',
        agent: false,
        signal,
        timeout: HANDLER_TIMEOUT_MS,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'Bitrix24 Webhook Engine',
        },
      },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
        answer.on('error', reject);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('The handler did not answer in time')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Sends a portal's notifications and remembers how they ended. */
export class Notifier {
  readonly sent: Notification[] = [];
  private readonly underWay = new Set<Promise<Notification>>();
  private readonly lastSent = new Map<number, number>();
  private readonly stop = new AbortController();

  constructor(private readonly now: () => number) {}

  send(event: string, url: string, fields: Record<string, unknown>): Promise<Notification> {
    return this.deliver(event, url, { event, ...fields, ts: Math.floor(this.now() / 1000) });
  }

  /** A POST that is no event: an application's page is opened. */
  open(url: string, fields: Record<string, unknown>): Promise<Notification> {
    return this.deliver('', url, fields);
  }

  private deliver(event: string, url: string, fields: Record<string, unknown>): Promise<Notification> {
    const at = this.now();
    const body = bracketedForm(fields);
    const delivery = post(url, body, this.stop.signal)
      .then((status): Notification => ({ event, url, at, status, error: null }))
      .catch((error: unknown): Notification => ({ event, url, at, status: null, error: messageOf(error) }))
      .then((notification) => {
        this.sent.push(notification);
        this.underWay.delete(delivery);
        return notification;
      });
    this.underWay.add(delivery);
    return delivery;
  }

  /**
   * Whether a binding may be notified now. A change within `minTimeout` seconds of the last notification has
   * none at all: nothing is made up for later.
   */
  isDue(bindingId: number, minTimeoutSeconds: number): boolean {
    const now = this.now();
    const last = this.lastSent.get(bindingId);
    if (last !== undefined && now - last < minTimeoutSeconds * 1000) return false;
    this.lastSent.set(bindingId, now);
    return true;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  close(): void {
    this.stop.abort();
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
