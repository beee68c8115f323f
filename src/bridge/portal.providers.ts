import { type AuditAction, AuditLog } from '../audit/audit-log.js';
import { answerLimits } from '../bitrix24/answer-limits.js';
import { AuthorizationServers } from '../bitrix24/authorization-servers.js';
import { OAuthClient } from '../bitrix24/oauth-client.js';
import { PortalClient } from '../bitrix24/portal-client.js';
import { RateBudget } from '../bitrix24/rate-budget.js';
import { type TokenSource } from '../bitrix24/token-source.js';
import { OutboundHttp } from '../bitrix24/outbound-routes.js';
import { Settings } from '../config/settings.js';
import { portalNames } from '../contract/portal-name.js';
import { Fleet } from '../drain/loop/fleet.js';
import { Metrics } from '../monitoring/metrics.js';
import { AllowedPortals } from '../portals/allowed-portals.js';
import { InstallationDecisions } from '../portals/installation-decisions.js';
import { InstallationProof } from '../portals/installation-proof.js';
import { Installations } from '../portals/installations.js';
import { Offers } from '../portals/offers.js';
import { Pauses } from '../portals/pauses.js';
import { PinnedNames } from '../portals/pinned-names.js';
import { type PortalEvents, PortalReception } from '../portals/reception.js';
import { PortalRegistry } from '../portals/registry.js';
import { RefreshersByPortal } from '../portals/refreshers-by-portal.js';
import { TokenVault } from '../portals/token-vault.js';
import { Trials } from '../portals/trials.js';
import { Signals } from '../replicas/signals.js';
import { DATABASE, LOG, PATIENT_OAUTH, PORTAL_EVENTS } from './injection-tokens.js';
import { provide } from './provide.js';

const PROOF_TIMEOUT_MS = 15_000;
/** The answer to a trial lists no row. */
const TRIAL_ANSWER = answerLimits(256 * 1024);

function oauthClient(
  settings: Settings,
  servers: AuthorizationServers,
  http: OutboundHttp,
  timeout: { timeoutMs?: number } = {},
): OAuthClient {
  return new OAuthClient({
    servers,
    clientId: settings.B24_CLIENT_ID,
    clientSecret: settings.B24_CLIENT_SECRET,
    http,
    allowHttp: settings.B24_ALLOW_HTTP,
    ...timeout,
  });
}

/** Who has installed us, and their tokens. */
export const portalProviders = [
  provide(TokenVault, [Settings], (settings) => new TokenVault(settings.TOKEN_ENCRYPTION_KEY)),
  provide(
    PortalRegistry,
    [DATABASE, Settings, TokenVault],
    (database, settings, vault) =>
      new PortalRegistry(database, vault, portalNames, new PinnedNames(settings.PORTAL_NAMES ?? [])),
  ),
  provide(
    AuthorizationServers,
    [Settings],
    (settings) => new AuthorizationServers(settings.B24_OAUTH_URL, settings.B24_ALLOW_HTTP),
  ),
  provide(OAuthClient, [Settings, AuthorizationServers, OutboundHttp], oauthClient),
  provide(AllowedPortals, [Settings], (settings) => new AllowedPortals(settings.B24_ALLOWED_PORTALS)),
  provide(
    RefreshersByPortal,
    [PortalRegistry, OAuthClient, AllowedPortals],
    (...parts) => new RefreshersByPortal(...parts),
  ),
  // The administrator who installs the application waits for the answer.
  provide(PATIENT_OAUTH, [Settings, AuthorizationServers, OutboundHttp], (settings, servers, http) =>
    oauthClient(settings, servers, http, { timeoutMs: PROOF_TIMEOUT_MS }),
  ),
  provide(InstallationProof, [PATIENT_OAUTH], (...parts) => new InstallationProof(...parts)),
  provide(Offers, [DATABASE, TokenVault], (...parts) => new Offers(...parts)),
  provide(
    Trials,
    [Settings, Offers, AllowedPortals, PATIENT_OAUTH, OutboundHttp, RefreshersByPortal, Fleet],
    (settings, offers, allowed, oauth, http, refreshers, fleet) => {
      const clientFor = (tokens: TokenSource) =>
        new PortalClient({
          tokens,
          budget: new RateBudget({
            perSecond: settings.B24_RATE_PER_SECOND,
            burst: settings.B24_RATE_BURST,
          }),
          http,
          allowHttp: settings.B24_ALLOW_HTTP,
          timeoutMs: PROOF_TIMEOUT_MS,
          answers: TRIAL_ANSWER,
        });
      return new Trials({
        offers,
        allowed,
        oauth,
        clientFor,
        // Another replica may run its rounds: the user who opens the application is sent to any.
        presentClient: (memberId) => fleet.clientOf(memberId) ?? clientFor(refreshers.open(memberId)),
      });
    },
  ),
  provide(
    PORTAL_EVENTS,
    [Fleet, Signals, Metrics, PortalRegistry, AuditLog],
    (fleet, signals, metrics, registry, audit): PortalEvents => {
      // A portal's owner may install the application as often as they like.
      const record = (memberId: string, action: AuditAction, detail?: string) =>
        void audit.recordOften({
          actor: { kind: 'portal', name: registry.get(memberId)?.domain ?? memberId },
          action,
          portal: memberId,
          target: registry.nameOf(memberId),
          detail,
        });
      return {
        installed: (memberId) => {
          record(memberId, 'installed');
          fleet.open(memberId);
          signals.portalsChanged();
        },
        renamed: (memberId, former) => {
          record(memberId, 'renamed', `from ${former}`);
          fleet.renamed([{ memberId, former }]);
        },
        uninstalled: (memberId) => {
          record(memberId, 'uninstalled');
          fleet.close(memberId);
          signals.portalsChanged();
        },
        notified: (memberId) => signals.notified(memberId),
        updated: (memberId) => signals.checkBindings(memberId),
        installation: (outcome, portal) => metrics.installation(outcome, portal),
      };
    },
  ),
  provide(
    InstallationDecisions,
    {
      registry: PortalRegistry,
      offers: Offers,
      trials: Trials,
      allowed: AllowedPortals,
      events: PORTAL_EVENTS,
      log: LOG,
    },
    (parts) => new InstallationDecisions(parts),
  ),
  provide(
    Installations,
    {
      proof: InstallationProof,
      decisions: InstallationDecisions,
      trials: Trials,
      allowed: AllowedPortals,
      servers: AuthorizationServers,
      events: PORTAL_EVENTS,
      log: LOG,
    },
    (parts) => new Installations(parts),
  ),
  provide(
    PortalReception,
    [PortalRegistry, Installations, AllowedPortals, PORTAL_EVENTS, LOG, AuthorizationServers],
    (...parts) => new PortalReception(...parts),
  ),
  provide(
    Pauses,
    [PortalRegistry, Fleet, Signals, AuditLog, LOG],
    (registry, fleet, signals, audit, log) =>
      new Pauses({
        registry,
        changed: (memberId, paused) => {
          if (paused) fleet.paused(memberId);
          else fleet.endPause(memberId);
          signals.portalsChanged();
        },
        audit,
        log,
      }),
  ),
];
