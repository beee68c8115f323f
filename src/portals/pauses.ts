import { type Actor, actorWords } from '../audit/actor.js';
import { type AuditLog } from '../audit/audit-log.js';
import { type Log } from '../logging/log.js';
import { type PausedNow, type Resumed } from './portal-pause.js';
import { type Paused, type Portal } from './portal-record.js';
import { type PortalRegistry } from './registry.js';

/** A portal that is not there any more can neither be paused nor resumed. */
export class PortalUninstalled extends Error {
  override readonly name = 'PortalUninstalled';
  constructor(portal: string) {
    super(`${portal} is uninstalled`);
  }
}

interface PausesDependencies {
  readonly registry: Pick<PortalRegistry, 'get' | 'pause' | 'resume'>;
  readonly audit: AuditLog;
  /** Where its rounds run, wherever that is, they are to know of it. */
  readonly changed: (memberId: string, paused: boolean) => void;
  readonly log: Log;
}

/**
 * Pauses portals and resumes them, for people: the one place behind the dashboard, the API and the command line. While
 * a portal is paused nothing new is reserved; what the ledger has is published, retried and cleared as ever.
 */
export class Pauses {
  constructor(private readonly deps: PausesDependencies) {}

  /**
   * Pauses a portal until it is resumed; where it is paused already, only a reason is taken over.
   * @param reason why, in the words of who orders it; null: none given
   * @param actor who orders it
   * @throws {PortalUninstalled}
   * @throws the database driver's error
   */
  async pause(memberId: string, reason: string | null, actor: Actor): Promise<PausedNow> {
    const { registry, changed, audit, log } = this.deps;
    const { name } = this.installed(memberId);
    const done = await registry.pause(memberId, reason, actorWords(actor));
    if (!done.again) sayPaused(log, name, done.paused);
    changed(memberId, true);
    await audit.record({
      actor,
      action: 'paused',
      portal: memberId,
      target: name,
      ...(reason === null ? {} : { detail: reason }),
    });
    return done;
  }

  /**
   * Ends a portal's pause, and any trouble that keeps it from being asked; the result says which of them it was in.
   * @param actor who orders it
   * @throws {PortalUninstalled}
   * @throws the database driver's error
   */
  async resume(memberId: string, actor: Actor): Promise<Resumed> {
    const { registry, changed, audit, log } = this.deps;
    const { name } = this.installed(memberId);
    const done = await registry.resume(memberId);
    sayResumed(log, name, done.pause, actorWords(actor));
    changed(memberId, false);
    const ended = [
      ...(done.pause === null ? [] : ['the pause']),
      ...(done.trouble === null ? [] : [done.trouble.state]),
    ];
    await audit.record({
      actor,
      action: 'resumed',
      portal: memberId,
      target: name,
      ...(ended.length === 0 ? {} : { detail: `ended: ${ended.join(', ')}` }),
    });
    return done;
  }

  private installed(memberId: string): Portal {
    const portal = this.deps.registry.get(memberId);
    if (portal === undefined || portal.state === 'uninstalled')
      throw new PortalUninstalled(portal?.name ?? memberId);
    return portal;
  }
}

/** Every process that runs portals says so once. */
export function sayPaused(log: Log, portal: string, { reason, by }: Paused): void {
  log.warn({
    event: 'portal.paused',
    portal,
    by,
    ...(reason === null ? {} : { reason }),
    advice: 'nothing new is reserved until it is resumed: portals resume, or its page of the dashboard',
  });
}

/** @param by null where another process was told to */
export function sayResumed(log: Log, portal: string, pause: Paused | null, by: string | null): void {
  log.info({
    event: 'portal.resumed',
    portal,
    ...(by === null ? {} : { by }),
    ...(pause === null ? {} : { pausedSince: new Date(pause.since).toISOString() }),
  });
}
