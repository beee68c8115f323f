import { type Actor, actorWords } from '../../audit/actor.js';
import { type AuditAction, type AuditLog } from '../../audit/audit-log.js';
import { Phrase } from '../../i18n/translate.js';
import { conditionsOf, type SnapshotRecord } from '../../ledger/snapshots/snapshot-record.js';
import { type Snapshots } from '../../ledger/snapshots/snapshots.js';
import { type Steering } from '../../ledger/snapshots/steer-snapshot.js';
import { type Portal } from '../../portals/portal-record.js';
import { readSnapshotWords, type SnapshotWords } from './snapshot-wanted.js';

/** In its present state that cannot be done. */
export class SnapshotRefused extends Error {
  override readonly name = 'SnapshotRefused';
  constructor(readonly phrase: Phrase) {
    super(phrase.in('en'));
  }
}

const ACTIONS: Readonly<Record<Steering | 'start', AuditAction>> = {
  start: 'snapshot_started',
  pause: 'snapshot_paused',
  resume: 'snapshot_resumed',
  cancel: 'snapshot_cancelled',
};

/**
 * Starts and steers snapshots: the one way for the dashboard, the API and the command line. Methods reject with the
 * database driver's error.
 */
export class SnapshotDesk {
  /** @param changed a snapshot of the portal may begin or go on */
  constructor(
    private readonly snapshots: Snapshots,
    private readonly audit: Pick<AuditLog, 'record'>,
    private readonly changed: (memberId: string) => void,
  ) {}

  /** Of one portal, or of all, the latest first, twenty at most. */
  list(memberId?: string): Promise<SnapshotRecord[]> {
    return this.snapshots.list(memberId);
  }

  /**
   * Has all that there is of some types read.
   * @throws {SnapshotWordsUnclear}
   * @throws {SnapshotRefused} where the portal has one that is not over
   */
  async start(
    { memberId, name, state }: Portal,
    words: SnapshotWords,
    actor: Actor,
  ): Promise<SnapshotRecord> {
    const { types, filter, routingKey } = readSnapshotWords(words);
    if (state === 'uninstalled')
      throw new SnapshotRefused(Phrase.of('snapshots.refused.uninstalled', { portal: name }));
    const askedBy = actorWords(actor);
    const no = await this.snapshots.start({ memberId, types, filter, routingKey, askedBy });
    if (no === null) throw new SnapshotRefused(Phrase.of('snapshots.refused.oneAtATime', { portal: name }));
    this.changed(memberId);
    await this.record('start', actor, memberId, name, no, [
      types.map((type) => type.name).join(', '),
      ...conditionsOf({ filter }),
      ...(routingKey === null ? [] : [`as ${routingKey}`]),
    ]);
    return this.found(no);
  }

  /**
   * Pauses, resumes or cancels a snapshot: the portal's last one, or that of a number.
   * @throws {SnapshotRefused} where there is none, or its state does not allow it
   */
  async steer(
    { memberId, name }: Portal,
    steering: Steering,
    actor: Actor,
    no?: number,
  ): Promise<SnapshotRecord> {
    const all = await this.snapshots.list(memberId);
    const snapshot = no === undefined ? all[0] : all.find((one) => one.no === no);
    if (snapshot === undefined)
      throw new SnapshotRefused(
        no === undefined
          ? Phrase.of('snapshots.refused.none', { portal: name })
          : Phrase.of('snapshots.refused.noSuch', { portal: name, no }),
      );
    if (!(await this.snapshots.steer(snapshot.no, steering))) {
      const { state } = await this.found(snapshot.no);
      throw new SnapshotRefused(
        Phrase.of('snapshots.refused.state', {
          no: snapshot.no,
          portal: name,
          state: Phrase.of(`snapshots.${state}`),
        }),
      );
    }
    if (steering === 'resume') this.changed(memberId);
    await this.record(steering, actor, memberId, name, snapshot.no, []);
    return this.found(snapshot.no);
  }

  private record(
    what: Steering | 'start',
    actor: Actor,
    memberId: string,
    portal: string,
    no: number,
    detail: readonly string[],
  ): Promise<void> {
    return this.audit.record({
      actor,
      action: ACTIONS[what],
      portal: memberId,
      target: `snapshot ${no} of ${portal}`,
      ...(detail.length === 0 ? {} : { detail: detail.join('; ') }),
    });
  }

  private async found(no: number): Promise<SnapshotRecord> {
    const found = await this.snapshots.find(no);
    if (found === null) throw new Error(`snapshot ${no} is gone`);
    return found;
  }
}
