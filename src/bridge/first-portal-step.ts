import { BRIDGE } from '../audit/actor.js';
import { type AuditLog } from '../audit/audit-log.js';
import { type OAuthClient } from '../bitrix24/oauth-client.js';
import { type Settings } from '../config/settings.js';
import { type Database } from '../database/database.js';
import { oneAtATime } from '../database/one-at-a-time.js';
import { type Log } from '../logging/log.js';
import { type PortalWatch } from '../maintenance/portal-watch.js';
import { installFirstPortal } from '../portals/install-first-portal.js';
import { type PortalRegistry } from '../portals/registry.js';
import { type Replica } from '../replicas/replica.js';

interface FirstPortalDependencies {
  readonly settings: Settings;
  readonly registry: PortalRegistry;
  readonly oauth: OAuthClient;
  readonly database: Database;
  readonly replica: Replica;
  readonly watch: PortalWatch;
  readonly audit: AuditLog;
  readonly log: Log;
}

/** The step of the start that installs the portal of `B24_DOMAIN` and `B24_REFRESH_TOKEN`. */
export class FirstPortalStep {
  constructor(private readonly deps: FirstPortalDependencies) {}

  /**
   * Installs it where it is not installed, one process at a time.
   * @returns null where there was nothing to install; `renamed` are the portals that have another name now, in order
   */
  async install(
    signal: AbortSignal,
  ): Promise<{ memberId: string; renamed: { memberId: string; former: string }[] } | null> {
    const { settings, registry, oauth, database, replica, watch, audit, log } = this.deps;
    const installed = await installFirstPortal(registry, oauth, settings, log, signal, (work) =>
      oneAtATime(database, 'first portal', signal, async () => {
        if (replica.channel !== null) await watch.refresh();
        return work();
      }),
    );
    if (installed === null) return null;
    const { portal, displaced, formerlyCalled } = installed;
    const { memberId, name } = portal;
    await audit.record({
      actor: BRIDGE,
      action: 'installed',
      portal: memberId,
      target: name,
      detail: 'by B24_DOMAIN and B24_REFRESH_TOKEN',
    });
    return {
      memberId,
      renamed: [
        ...(displaced === null ? [] : [{ memberId: displaced.memberId, former: name }]),
        ...(formerlyCalled === null ? [] : [{ memberId, former: formerlyCalled }]),
      ],
    };
  }
}
