import { type Proxy } from '../../bitrix24/proxy.js';
import { openTunnel, ProxyError } from '../../bitrix24/tunnel-agent.js';
import { OutboundRoutes } from '../../bitrix24/outbound-routes.js';
import { type Settings } from '../../config/settings.js';
import { Phrase } from '../../i18n/translate.js';
import { type Finding, note, ok, wrong } from '../command/findings.js';

const PROXY_MS = 10_000;

/**
 * Whether the proxies of the settings lead to the authorization servers.
 * @param servers their addresses
 */
export async function checkProxies(settings: Settings, servers: readonly string[]): Promise<Finding[]> {
  const routes = new OutboundRoutes(settings);
  const findings: Finding[] = [];
  for (const [variable, proxy, scheme] of [
    ['HTTPS_PROXY', routes.httpsProxy, 'https:'],
    ['HTTP_PROXY', routes.httpProxy, 'http:'],
  ] as const) {
    if (proxy === null) continue;
    const through = servers
      .map((server) => new URL(server))
      .filter(({ href }) => routes.to(href, 'fresh').proxy === proxy);
    const [server] = through.filter(({ protocol }) => protocol === scheme);
    if (scheme === 'http:' || server === undefined) {
      // The check of the authorization server sends an http request through it, where that server is asked by http.
      const said = { proxy: proxy.shown, scheme, setting: variable };
      findings.push(
        note(
          'proxy',
          server === undefined ? Phrase.of('doctor.proxyUsed', said) : Phrase.of('doctor.proxySeen', said),
        ),
      );
      continue;
    }
    findings.push(await tried(routes, proxy, server, variable));
  }
  if (settings.NODE_EXTRA_CA_CERTS !== undefined) {
    findings.push(
      ok('certificates', Phrase.of('doctor.certificates', { file: settings.NODE_EXTRA_CA_CERTS })),
    );
  }
  return findings;
}

async function tried(
  { toProxy }: OutboundRoutes,
  proxy: Proxy,
  server: URL,
  variable: string,
): Promise<Finding> {
  const { hostname, port, host } = server;
  const target = { hostname: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 443 : Number(port) };
  try {
    const socket = await openTunnel(proxy, target, toProxy, AbortSignal.timeout(PROXY_MS));
    socket.destroy();
    return ok('proxy', Phrase.of('doctor.proxyLeads', { proxy: proxy.shown, setting: variable, host }));
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    return wrong('proxy', Phrase.of('doctor.proxyFault', { reason: error.message, setting: variable }));
  }
}
