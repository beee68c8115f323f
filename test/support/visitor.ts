import { request } from 'node:http';
import { until } from './until.js';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** Somebody with a browser, without the scripts: keeps cookies, and fills in forms. */
export class Visitor {
  readonly cookies = new Map<string, string>();
  /** `Set-Cookie` headers as they came, the latest last. */
  readonly setCookies: string[] = [];
  private page = '';

  /** @param from loopback address to come from; `headers` go with every request, as a proxy adds them */
  constructor(
    private readonly url: string,
    private readonly from = '127.0.0.1',
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  async get(path: string): Promise<Answer> {
    const answer = await this.send('GET', path);
    this.page = answer.body;
    return answer;
  }

  /** Sends a form with the token of the page last seen. */
  post(path: string, fields: readonly (readonly [string, string])[] = []): Promise<Answer> {
    return this.send('POST', path, [['formToken', this.formToken()], ...fields]);
  }

  /** Sends fields and nothing else. */
  send(method: string, path: string, fields: readonly (readonly [string, string])[] = []): Promise<Answer> {
    const body =
      method === 'POST'
        ? new URLSearchParams(fields.map(([name, text]): [string, string] => [name, text])).toString()
        : '';
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path, this.url),
        {
          method,
          agent: false,
          localAddress: this.from,
          headers: {
            ...(method === 'POST' && {
              'content-type': 'application/x-www-form-urlencoded',
              'content-length': Buffer.byteLength(body),
            }),
            ...(cookie !== '' && { cookie }),
            ...this.headers,
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            this.keepCookies(incoming.headers['set-cookie'] ?? []);
            resolve({
              status: incoming.statusCode ?? 0,
              body: Buffer.concat(chunks).toString('utf8'),
              headers: incoming.headers,
            });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  async logIn(password: string): Promise<Answer> {
    await this.get('/log-in');
    return this.post('/log-in', [['password', password]]);
  }

  /** Waits for a button that retries one event. Returns the event that it names. */
  async retryButton(path: string, limitMs: number): Promise<string> {
    let only: string | undefined;
    const there = async () => {
      const { body } = await this.get(path);
      only = /name="only" value="([\w.]+)" formaction="\/events\/retry"/.exec(body.replace(/\s+/g, ' '))?.[1];
      return only !== undefined;
    };
    await until(`a button that retries an event on ${path}`, there, limitMs);
    return only ?? '';
  }

  formToken(): string {
    return /name="formToken"\s+value="([^"]+)"/.exec(this.page)?.[1] ?? '';
  }

  private keepCookies(setCookies: readonly string[]): void {
    for (const line of setCookies) {
      this.setCookies.push(line);
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0\b/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}
