import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { FaultSet } from './faults.js';
import { readBody, send, serveWithFaults, type HttpAnswer } from './http-answer.js';
import { Authority, tokenAnswer, type AuthorityOptions } from './oauth.js';
import { RestError } from './rest-error.js';

interface AuthorizationServerOptions extends AuthorityOptions {
  /** Where clients reach it; known once it listens. */
  readonly url: () => string;
  /** Faults of the emulator as a whole, which hit every authorization server under `oauth`. */
  readonly faults: FaultSet;
}

/** One authorization server: it knows the tokens of its own portals only. */
export class AuthorizationServer {
  readonly authority: Authority;
  /** Faults of this server alone, under `oauth`. */
  readonly faults = new FaultSet();
  /** Token requests that reached it, in order, without their secrets. */
  readonly asked: { readonly verb: string; readonly grantType: string; readonly secretInAddress: boolean }[] =
    [];
  private http: Server | null = null;

  constructor(private readonly options: AuthorizationServerOptions) {
    this.authority = new Authority(options);
  }

  /** Its address as clients see it, and what its `server_endpoint` begins with. */
  get url(): string {
    return this.options.url();
  }

  /** `/oauth/token/`: parameters from the address and, before those, from a posted form. */
  async answer(request: IncomingMessage, search: URLSearchParams, response: ServerResponse): Promise<void> {
    const verb = request.method ?? 'GET';
    const fields = new URLSearchParams(search);
    const type = request.headers['content-type'] ?? '';
    const body = await readBody(request);
    if (type.includes('x-www-form-urlencoded')) {
      for (const [name, value] of new URLSearchParams(body)) fields.set(name, value);
    }
    const secretInAddress = search.has('client_secret') || search.has('refresh_token');
    this.asked.push({ verb, grantType: fields.get('grant_type') ?? '', secretInAddress });
    await serveWithFaults(
      response,
      [this.faults, this.options.faults],
      ['oauth'],
      () => Promise.resolve(this.exchange(fields)),
      () => undefined,
    );
  }

  /** Listens by itself, at a port of its own. @returns the port. @throws Error when the address is taken */
  listen(host: string): Promise<number> {
    const http = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://emulator');
      if (/^\/oauth\/token\/?$/.test(pathname)) void this.answer(request, searchParams, response);
      else send(response, { status: 404, body: '<!DOCTYPE html><html><body>404 Not Found</body></html>' });
    });
    this.http = http;
    return new Promise((resolve, reject) => {
      http.once('error', reject);
      http.listen(0, host, () => resolve((http.address() as AddressInfo).port));
    });
  }

  async close(): Promise<void> {
    const { http } = this;
    if (http === null) return;
    await new Promise<void>((resolve) => {
      http.close(() => resolve());
      http.closeAllConnections();
    });
  }

  private exchange(fields: URLSearchParams): HttpAnswer {
    const { authority } = this;
    try {
      const holder = authority.exchange(fields);
      const { owner, userId } = holder;
      owner.granted();
      const pair = authority.issue(owner, userId);
      const body = tokenAnswer(holder, pair, authority.accessTokenTtlSeconds, this.url);
      return { status: 200, body };
    } catch (error) {
      if (!(error instanceof RestError)) throw error;
      return { status: error.status, body: error.toJSON() };
    }
  }
}
