import { randomBytes } from 'node:crypto';
import { PortalError } from '../../bitrix24/errors.js';
import { type Grant } from '../../bitrix24/oauth-client.js';
import { AllowedPortals } from '../../portals/allowed-portals.js';
import { CommandFailed, type CommandResult } from '../command-result.js';
import { type Terminal } from '../terminal.js';
import { type Workbench } from '../workbench.js';
import { describePortal } from './list-portals.js';

/** Time to sign in at the portal and to paste what comes back. */
const CODE_MS = 900_000;
const DOMAIN = /^(?:(https?):\/\/)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?)\/?$/i;

/** Where an administrator allows the application to work on a portal. */
export interface AuthorizePage {
  /** Host, with the port where there is one, in lower case. */
  readonly host: string;
  readonly link: string;
}

/**
 * The page for a portal given as `acme.bitrix24.com`, with `http://` before it where the settings permit that.
 * @throws {CommandFailed}
 */
export function authorizePage(
  domain: string,
  settings: { readonly B24_CLIENT_ID: string; readonly B24_ALLOW_HTTP: boolean },
  state: string,
): AuthorizePage {
  const [, scheme = 'https', authority] = DOMAIN.exec(domain) ?? [];
  const page = `https://${authority ?? ''}/oauth/authorize/`;
  if (authority === undefined || !URL.canParse(page)) {
    throw new CommandFailed(`${domain} is no portal's address: give its host, such as acme.bitrix24.com`, 2);
  }
  const secure = scheme.toLowerCase() === 'https';
  if (!secure && !settings.B24_ALLOW_HTTP) {
    throw new CommandFailed('http:// portals are not allowed: set B24_ALLOW_HTTP=true if you mean it', 2);
  }
  const link = new URL(secure ? page : page.replace('https:', 'http:'));
  link.searchParams.set('client_id', settings.B24_CLIENT_ID);
  link.searchParams.set('state', state);
  return { host: link.host.toLowerCase(), link: link.href };
}

/**
 * The code in what was pasted: the code itself, or the whole address that the portal sent the browser to.
 * @throws {CommandFailed} when there is none, or the address answers another question than ours
 */
export function codeFrom(pasted: string, state: string): string {
  const text = pasted.trim();
  if (/^[A-Za-z0-9._~-]{8,500}$/.test(text)) return text;
  const query = URL.canParse(text)
    ? new URL(text).searchParams
    : new URLSearchParams(text.replace(/^\?/, ''));
  const code = query.get('code');
  if (code === null || code === '') {
    throw new CommandFailed('that is neither a code nor an address with code=… in it; start again');
  }
  const answered = query.get('state');
  if (answered !== null && answered !== state) {
    throw new CommandFailed('that address belongs to another attempt (its state differs); start again');
  }
  return code;
}

/**
 * Installs the application on a portal without a public address: an administrator opens a link and brings back a
 * code, which the configured authorization server exchanges for tokens.
 */
export async function addPortal(
  bench: Workbench,
  terminal: Terminal,
  domain: string,
  givenCode: string | undefined,
): Promise<CommandResult> {
  const { settings, registry } = bench;
  const state = randomBytes(12).toString('hex');
  const { host, link } = authorizePage(domain, settings, state);
  if (settings.B24_ALLOW_HTTP && !/^https?:/i.test(domain)) {
    terminal.say(`(https://${host} is assumed; for a portal without https give http://${host})`);
  }
  const code = givenCode === undefined ? await askForCode(terminal, link, state) : givenCode.trim();
  const grant = await exchange(bench, code);
  const granted = new URL(grant.clientEndpoint).host.toLowerCase();
  if (granted !== host) {
    throw new CommandFailed(
      `the code belongs to ${granted} and not to ${host}; nothing was installed. ` +
        `If ${granted} is the portal you mean: bitrix24-bridge portals add ${granted}`,
    );
  }
  if (!new AllowedPortals(settings.B24_ALLOWED_PORTALS).allows(grant.memberId, grant.clientEndpoint)) {
    throw new CommandFailed(
      `${host} (${grant.memberId}) is not among B24_ALLOWED_PORTALS; nothing was installed`,
    );
  }
  const known = registry.get(grant.memberId);
  const portal = await registry.install(grant, null);
  return {
    exitCode: 0,
    text:
      `${portal.domain} is installed${known === undefined ? '' : ' again'} as ${portal.name} ` +
      `(member id ${portal.memberId}).\nA running service takes it up within seconds; its events are bound then.`,
    json: { installed: describePortal(portal), again: known !== undefined },
  };
}

async function askForCode(terminal: Terminal, link: string, state: string): Promise<string> {
  terminal.say('Open this as an administrator of the portal, and allow the application:');
  terminal.say(`\n  ${link}\n`);
  terminal.say('The portal then sends the browser to the address of the application with code=… in it.');
  const pasted = await terminal.ask('Paste that address, or the code alone, within 30 seconds: ', CODE_MS);
  if (pasted === null) throw new CommandFailed('no code was given; nothing was installed');
  return codeFrom(pasted, state);
}

async function exchange(bench: Workbench, code: string): Promise<Grant> {
  const { oauth } = await bench.outbound();
  try {
    return await oauth.exchangeCode(code);
  } catch (error) {
    if (!(error instanceof PortalError)) throw error;
    const advice =
      error.action === 'unauthorized'
        ? 'A code lives for 30 seconds and works once: start again, and be quicker'
        : error.action === 'configuration'
          ? 'Check B24_CLIENT_ID, B24_CLIENT_SECRET and B24_OAUTH_URL'
          : 'Start again when the authorization server answers';
    throw new CommandFailed(`the code was not exchanged: ${error.message}. ${advice}.`);
  }
}
