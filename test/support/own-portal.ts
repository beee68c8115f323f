import { type EmulatedPortal, type PortalOptions } from '../../emulator/index.js';
import { authOf, install, linesOf, portalRow, post } from './before-install.js';
import { type LogLine } from './test-bridge.js';
import { type Received } from './downstream.js';
import { type TestSystem } from './test-system.js';
import { until } from './until.js';

/**
 * A portal of one test's own in a system that the tests of a `describe` share, and what concerns it alone: a start of
 * the service costs more than most tests do.
 */
export class OwnPortal {
  readonly portal: EmulatedPortal;

  /** Not installed yet; named `acme-1`, `acme-2`, …. */
  constructor(
    readonly system: TestSystem,
    options: Partial<PortalOptions> = {},
  ) {
    const name = `acme-${system.emulator.portals().length}`;
    this.portal = system.emulator.addPortal({ name, ...options });
  }

  static async installed(system: TestSystem, options: Partial<PortalOptions> = {}): Promise<OwnPortal> {
    const own = new OwnPortal(system, options);
    // A service that has just been started takes no installation before it has read its portals.
    for (const line of ['http.listening', 'database.ready']) await system.bridge.logged(line);
    const status = await install(system, own.portal);
    if (status !== 200) throw new Error(`the installation of ${own.portal.name} was answered ${status}`);
    return own;
  }

  /** Changes objects `from` to `to`, one event each, under the service's source key. */
  push(from: number, to: number, event = 'ONCRMDEALUPDATE'): void {
    const connector = this.system.bridge.settings['B24_AUTH_CONNECTOR'] ?? '';
    for (let id = from; id <= to; id += 1) {
      this.portal.push({ event, data: { FIELDS: { ID: String(id) } }, userId: '1', connector });
    }
  }

  get received(): Received[] {
    const { memberId } = this.portal;
    return this.system.downstream.received.filter(({ body }) => body['memberid'] === memberId);
  }

  /** Object ids delivered so far. */
  delivered(): Set<string> {
    return new Set(this.received.map(({ objectId }) => objectId));
  }

  /** Its row in the service's registry. */
  row(): Record<string, unknown> | undefined {
    return portalRow(this.system.bridge, this.portal.memberId);
  }

  get state(): unknown {
    return this.row()?.['state'];
  }

  /** See {@link leave}. */
  leave(): Promise<void> {
    return leave(this.system, this.portal);
  }

  /** Log lines of a name that name it, so far. */
  lines(event: string): LogLine[] {
    return linesOf(this.system.bridge, event).filter(({ message }) => message['portal'] === this.portal.name);
  }
}

/**
 * Has the service told that the application is uninstalled, and waits until it no longer asks this portal: later tests
 * run undisturbed. Its tokens stay good meanwhile. Once they are void, a poll has the service ask the authorization
 * server for others, and the next test would count that.
 */
export async function leave(system: TestSystem, portal: EmulatedPortal): Promise<void> {
  const told = { event: 'ONAPPUNINSTALL', auth: authOf(portal) };
  const answer = await post(system.bridge, '/bitrix24/events', told).catch(() => null);
  // Where the service does not know its application token, it notices by the tokens that are revoked.
  if (answer?.status !== 200) portal.revoke();
  await until(`the end of ${portal.name}`, async () => !(await isAsked(system, portal)));
}

/** Whether the service works for it. Where its database is no file, its metrics tell. */
async function isAsked(system: TestSystem, portal: EmulatedPortal): Promise<boolean> {
  const { bridge } = system;
  if (bridge.settings['DATABASE_URL']?.startsWith('postgres') !== true)
    return portalRow(bridge, portal.memberId)?.['state'] === 'active';
  const { body } = await system.get('/metrics');
  return body.includes(`bridge_portal_state{portal="${portal.name}",state="active"} 1`);
}
