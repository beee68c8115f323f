import { randomBytes } from 'node:crypto';
import { PortalError } from '../../bitrix24/errors.js';
import { type TokenGrant } from '../../bitrix24/oauth-client.js';
import { addressOf, isAt, readAddress, shown, shownAddress } from '../../bitrix24/portal-address.js';
import { AllowedPortals, notAllowed } from '../../portals/allowed-portals.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { type Terminal } from '../command/terminal.js';
import { type CommandContext } from '../command/command-context.js';
import { describePortal } from './list-portals.js';

/** Time to sign in at the portal and to paste what comes back. */
const CODE_MS = 900_000;

/** Where an administrator allows the application to work on a portal. */
interface AuthorizePage {
  /** Host as it is compared, with port and folder where they are given. */
  readonly host: string;
  readonly link: string;
}

/**
 * The page for a portal given as one writes it (`acme.bitrix24.com`), with `http://` before it where the settings permit that.
 * @throws {CommandFailed}
 */
export function authorizePage(
  domain: string,
  settings: { readonly B24_CLIENT_ID: string; readonly B24_ALLOW_HTTP: boolean },
  state: string,
): AuthorizePage {
  const given = readAddress(domain);
  if (given === null) {
    throw new CommandFailed(`${domain} is no portal's address: give its host, such as acme.bitrix24.com`, 2);
  }
  const scheme = given.scheme ?? 'https';
  if (scheme === 'http' && !settings.B24_ALLOW_HTTP) {
    throw new CommandFailed('http:// portals are not allowed: set B24_ALLOW_HTTP=true if you mean it', 2);
  }
  const link = new URL(`${scheme}://${given.hostname}${given.folder}oauth/authorize/`);
  if (given.port !== null) link.port = String(given.port);
  link.searchParams.set('client_id', settings.B24_CLIENT_ID);
  link.searchParams.set('state', state);
  return { host: addressOf(new URL('..', new URL('..', link)).href), link: link.href };
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
 * code, which one of the configured authorization servers exchanges for tokens.
 */
export async function addPortal(
  context: CommandContext,
  terminal: Terminal,
  domain: string,
  givenCode: string | undefined,
): Promise<CommandResult> {
  const { settings, registry } = context;
  const state = randomBytes(12).toString('hex');
  const { host, link } = authorizePage(domain, settings, state);
  const allowed = new AllowedPortals(settings.B24_ALLOWED_PORTALS);
  // A code works once: it is not spent on a portal that the settings rule out.
  if (allowed.rulesOut(host)) {
    throw new CommandFailed(`${shown(host)} is not among B24_ALLOWED_PORTALS; nothing was installed`);
  }
  if (settings.B24_ALLOW_HTTP && !/^https?:/i.test(domain)) {
    terminal.say(
      `(https://${shown(host)} is assumed; for a portal without https give http://${shown(host)})`,
    );
  }
  const code = givenCode === undefined ? await askForCode(terminal, link, state) : givenCode.trim();
  const grant = await exchange(context, code, host);
  const granted = shownAddress(grant.clientEndpoint);
  const given = readAddress(host);
  if (given === null || !isAt(given, grant.clientEndpoint)) {
    throw new CommandFailed(
      `the code belongs to ${granted} and not to ${shown(host)}; nothing was installed. ` +
        `If ${granted} is the portal you mean: bitrix24-bridge portals add ${granted}`,
    );
  }
  if (!allowed.allows(grant.memberId, grant.clientEndpoint)) {
    throw new CommandFailed(`${notAllowed(grant.memberId, grant.clientEndpoint)}; nothing was installed`);
  }
  const known = registry.get(grant.memberId);
  const { portal, displaced, formerlyCalled, missedName } = await registry.install(grant, null);
  await context.record('installed', portal, known === undefined ? undefined : 'again');
  if (displaced !== null) await context.record('renamed', displaced, `from ${portal.name}`);
  const notes = [
    ...(displaced === null
      ? []
      : [`The portal that had this name before is called ${displaced.name} from now on; so are its events.`]),
    ...(formerlyCalled === null ? [] : [`It was called ${formerlyCalled} before.`]),
    ...(missedName === null
      ? []
      : [
          `The name ${missedName} is another portal's, or kept for one by PORTAL_NAMES; to change names: bitrix24-bridge portals rename.`,
        ]),
  ];
  return {
    exitCode: 0,
    text:
      `${shownAddress(portal.clientEndpoint)} is installed${known === undefined ? '' : ' again'} as ${portal.name} ` +
      `(member id ${portal.memberId}); its tokens come from ` +
      `${portal.authorizationServer ?? 'nowhere'}.\nA running service takes it up within seconds; its events are bound then.${notes.map((note) => `\n${note}`).join('')}`,
    json: {
      installed: describePortal(portal),
      again: known !== undefined,
      displaced: displaced === null ? null : describePortal(displaced),
      missedName,
    },
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

async function exchange(context: CommandContext, code: string, domain: string): Promise<TokenGrant> {
  const { oauth } = await context.outbound();
  try {
    return await oauth.exchangeCode(code, { domain });
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
