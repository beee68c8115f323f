import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { ControlApi } from './control.js';
import { type Emulator } from './emulator.js';
import { readParams, send, sendText, serveWithFaults } from './http-answer.js';
import { redirectTarget } from './redirects.js';
import { PhpArray } from './php.js';
import { type EmulatedPortal } from './portal.js';
import { faultNames, type RestRequest } from './rest-service.js';
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
      if (/^\/oauth\/token\/?$/.test(path)) {
        await this.emulator.authorizationServer().answer(request, searchParams, response);
      } else if (path.startsWith('/_control'))
        await this.control.handle(request, path, searchParams, response);
      else sendText(response, 404, 'text/html; charset=utf-8', NOT_FOUND_PAGE);
      return;
    }
    if (portal.redirects !== null) {
      this.sendElsewhere(portal, request, path, response);
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
    const rest: RestRequest = {
      ...call,
      params: await readParams(request, search),
      authorization: request.headers.authorization ?? null,
    };
    await serveWithFaults(
      response,
      [portal.faults, this.emulator.faults],
      faultNames(rest),
      () => portal.handle(rest),
      (refusal) => portal.notServed(rest, refusal),
    );
  }

  private sendElsewhere(
    portal: EmulatedPortal,
    request: IncomingMessage,
    path: string,
    response: ServerResponse,
  ): void {
    const { redirects } = portal;
    if (redirects === null) return;
    const call = restCall(path);
    if (call !== null) portal.notServed({ ...call, params: new PhpArray(), authorization: null }, redirects);
    const location = redirectTarget(redirects, {
      host: request.headers.host ?? '',
      path: request.url ?? '/',
    });
    request.resume();
    response.writeHead(302, { location, 'content-type': 'text/html; charset=utf-8' }).end();
  }

  /** A portal stands in the host's first label (`acme.localhost`) or in the path's first step (`/acme/rest/`). */
  private locate(host: string, pathname: string): { portal: EmulatedPortal | null; path: string } {
    const atSite = this.atSite(host, pathname);
    if (atSite) return atSite;
    const [label = '', ...domain] = (host.split(':')[0] ?? '').toLowerCase().split('.');
    const byHost = domain.length > 0 ? this.emulator.findPortal(label) : null;
    if (byHost) return { portal: byHost, path: pathname };
    const [, step = ''] = pathname.split('/');
    const byPath = this.emulator.findPortal(step);
    if (byPath) return { portal: byPath, path: pathname.slice(step.length + 1) };
    return { portal: null, path: pathname };
  }

  /** The last portal that was given this host and a folder that the path is in. */
  private atSite(host: string, pathname: string): { portal: EmulatedPortal; path: string } | null {
    for (const portal of this.emulator.portals().reverse()) {
      if (portal.site === null) continue;
      const root = new URL(portal.clientEndpoint);
      const folder = root.pathname.replace(/\/rest\/$/, '');
      if (root.host === host.toLowerCase() && pathname.startsWith(`${folder}/`)) {
        return { portal, path: pathname.slice(folder.length) };
      }
    }
    return null;
  }

  /** What a signed-in administrator's browser meets: a code at once, as JSON or by redirect to the application. */
  private authorize(
    portal: EmulatedPortal,
    request: IncomingMessage,
    query: URLSearchParams,
    response: ServerResponse,
  ): void {
    try {
      const server = this.emulator.authorizationServer(portal.authorizationServer);
      const code = server.authority.issueCode(portal, query.get('client_id') ?? '');
      const fields = {
        code,
        state: query.get('state') ?? '',
        domain: portal.domain,
        member_id: portal.memberId,
        scope: 'crm',
        server_domain: new URL(server.url).host,
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
function restCall(path: string): Pick<RestRequest, 'method' | 'webhook'> | null {
  const [, method, userId = '', secret = '', webhookMethod] =
    /^\/rest\/(?:([^/]+)|(\d+)\/([^/]+)\/([^/]+))\/?$/.exec(path) ?? [];
  const name = webhookMethod ?? method;
  if (name === undefined) return null;
  return {
    method: name.toLowerCase().replace(/\.json$/, ''),
    webhook: webhookMethod === undefined ? null : { userId, secret },
  };
}
