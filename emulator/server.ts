import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { ControlApi } from './control.js';
import { type Emulator } from './emulator.js';
import { readParams, send, sendText, serveWithFaults } from './http-answer.js';
import { tokenAnswer } from './oauth.js';
import { type EmulatedPortal } from './portal.js';
import { faultNames, type RestRequest } from './rest-desk.js';
import { RestError } from './rest-error.js';

/** Longer than any client keeps an idle connection, so that it is never this side that closes one. */
const KEEP_ALIVE_MS = 65_000;

const NOT_FOUND_PAGE = '<!DOCTYPE html><html><body>404 Not Found</body></html>';

/** The HTTP face: portals by host name or by path, the authorization server at the bare host, the control API. */
export class EmulatorServer {
  private readonly http: Server;
  private readonly control: ControlApi;

  constructor(private readonly emulator: Emulator) {
    this.control = new ControlApi(emulator);
    this.http = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
      this.route(request, response).catch((error: unknown) => {
        const description = error instanceof Error ? error.message : String(error);
        const body = { error: 'INTERNAL_SERVER_ERROR', error_description: description };
        send(response, { status: 500, body });
      });
    });
    this.http.on('connection', (socket) => {
      const from = socket.remoteAddress ?? '';
      if (emulator.loopbackOnly && !/^(::ffff:)?127\./.test(from) && from !== '::1') socket.destroy();
    });
  }

  /** @returns the port. @throws Error when the address is taken */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.http.once('error', reject);
      this.http.listen(port, host, () => {
        this.http.off('error', reject);
        resolve((this.http.address() as AddressInfo).port);
      });
    });
  }

  close(): Promise<void> {
    this.control.close();
    return new Promise((resolve) => {
      this.http.close(() => resolve());
      this.http.closeAllConnections();
    });
  }

  private async route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, search, searchParams } = new URL(request.url ?? '/', 'http://emulator');
    const { portal, path } = this.locate(request.headers.host ?? '', pathname);
    if (!portal) {
      if (/^\/oauth\/token\/?$/.test(path)) await this.token(searchParams, response);
      else if (path.startsWith('/_control')) await this.control.handle(request, path, searchParams, response);
      else sendText(response, 404, 'text/html; charset=utf-8', NOT_FOUND_PAGE);
      return;
    }
    if (/^\/oauth\/authorize\/?$/.test(path)) {
      this.authorize(portal, request, searchParams, response);
      return;
    }
    const call = restCall(path);
    if (!call) {
      sendText(response, 404, 'text/html; charset=utf-8', NOT_FOUND_PAGE);
      return;
    }
    const rest: RestRequest = { ...call, params: await readParams(request, search) };
    await serveWithFaults(
      response,
      [portal.faults, this.emulator.faults],
      faultNames(rest),
      () => portal.handle(rest),
      (refusal) => portal.notServed(rest, refusal),
    );
  }

  /** A portal stands in the host's first label (`acme.localhost`) or in the path's first step (`/acme/rest/`). */
  private locate(host: string, pathname: string): { portal: EmulatedPortal | null; path: string } {
    const [label = '', ...domain] = (host.split(':')[0] ?? '').toLowerCase().split('.');
    const byHost = domain.length > 0 ? this.emulator.findPortal(label) : null;
    if (byHost) return { portal: byHost, path: pathname };
    const [, step = ''] = pathname.split('/');
    const byPath = this.emulator.findPortal(step);
    if (byPath) return { portal: byPath, path: pathname.slice(step.length + 1) };
    return { portal: null, path: pathname };
  }

  private async token(query: URLSearchParams, response: ServerResponse): Promise<void> {
    const serve = (): { status: number; body: unknown } => {
      try {
        const { authority, publicUrl } = this.emulator;
        const owner = authority.exchange(query);
        this.emulator.portal(owner.name).counters.tokenRequests += 1;
        const body = tokenAnswer(owner, authority.issue(owner), authority.accessTokenTtlSeconds, publicUrl);
        return { status: 200, body };
      } catch (error) {
        if (!(error instanceof RestError)) throw error;
        return { status: error.status, body: error.toJSON() };
      }
    };
    await serveWithFaults(
      response,
      [this.emulator.faults],
      ['oauth'],
      () => Promise.resolve(serve()),
      () => undefined,
    );
  }

  /** What a signed-in administrator's browser meets: a code at once, as JSON or by redirect to the application. */
  private authorize(
    portal: EmulatedPortal,
    request: IncomingMessage,
    query: URLSearchParams,
    response: ServerResponse,
  ): void {
    try {
      const code = this.emulator.authority.issueCode(portal, query.get('client_id') ?? '');
      const fields = {
        code,
        state: query.get('state') ?? '',
        domain: portal.domain,
        member_id: portal.memberId,
        scope: 'crm',
        server_domain: new URL(this.emulator.publicUrl).host,
      };
      const target = query.get('redirect_uri') ?? portal.redirectUrl;
      if (target === null || (request.headers.accept ?? '').includes('json')) {
        send(response, { status: 200, body: fields });
        return;
      }
      const location = new URL(target);
      for (const [name, value] of Object.entries(fields)) location.searchParams.set(name, value);
      response.writeHead(302, { location: location.href }).end();
    } catch (error) {
      if (!(error instanceof RestError)) throw error;
      send(response, { status: error.status, body: error.toJSON() });
    }
  }
}

/** `/rest/method`, `/rest/method.json`, or with a webhook's user and secret in between. */
function restCall(path: string): Omit<RestRequest, 'params'> | null {
  const [, method, webhookMethod] = /^\/rest\/(?:([^/]+)|\d+\/[^/]+\/([^/]+))\/?$/.exec(path) ?? [];
  const name = webhookMethod ?? method;
  if (name === undefined) return null;
  return { method: name.toLowerCase().replace(/\.json$/, ''), webhook: webhookMethod !== undefined };
}
