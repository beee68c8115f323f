import Libsql from 'libsql';
import { type EmulatedPortal } from '../../emulator/index.js';
import { type TestBridge } from '../support/test-bridge.js';
import { callApi } from './compare.js';
import { type Crm } from './crm.js';
import { type SnapshotAsked } from './crm-books.js';

interface SnapshotRow {
  readonly no: number;
  readonly memberId: string;
  readonly state: string;
}

/**
 * Starts snapshots by the API, one after another of each portal, and goes on with those that a portal's refusal has ended.
 */
export class Snapshots {
  resumed = 0;
  /** By portal: what there was when its next one was asked for first. An answer may be lost, and the snapshot be there. */
  private readonly asked = new Map<string, Omit<SnapshotAsked, 'no'>[]>();
  private readonly timer: NodeJS.Timeout;
  private wanted = 0;
  private busy = false;

  constructor(
    private readonly bridge: TestBridge,
    private readonly crm: Crm,
  ) {
    this.timer = setInterval(() => void this.look(), 700);
  }

  /** One more of each portal, as soon as the one before is over. */
  want(): void {
    this.wanted += 1;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** How many are still to be read to their end. */
  get open(): number {
    const completed = this.rows().filter(({ state }) => state === 'completed').length;
    return this.wanted * this.crm.portals.length - completed;
  }

  /** All that there were. */
  all(): SnapshotAsked[] {
    const rows = this.rows();
    return this.crm.portals.flatMap(({ memberId }) =>
      rows
        .filter((row) => row.memberId === memberId)
        .map(({ no }, index) => {
          const asked = this.asked.get(memberId)?.[index];
          if (asked === undefined) throw new Error(`nobody has asked for snapshot ${no}`);
          return { ...asked, no };
        }),
    );
  }

  private async look(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      for (const portal of this.crm.portals) await this.lookAt(portal);
    } catch {
      // The bridge is being killed; the next look comes.
    } finally {
      this.busy = false;
    }
  }

  private async lookAt(portal: EmulatedPortal): Promise<void> {
    const rows = this.rows().filter(({ memberId }) => memberId === portal.memberId);
    const last = rows.at(-1);
    if (last?.state === 'failed') {
      if (await callApi(this.bridge.url, `portals/${portal.name}/snapshots/resume`)) this.resumed += 1;
    } else if (rows.length < this.wanted && (last === undefined || last.state === 'completed')) {
      const asked = this.asked.get(portal.memberId) ?? [];
      this.asked.set(portal.memberId, asked);
      asked[rows.length] ??= {
        memberId: portal.memberId,
        contacts: this.crm.idsOf(portal),
        at: Date.now(),
      };
      await callApi(this.bridge.url, `portals/${portal.name}/snapshots`, { types: ['crm.contact'] });
    }
  }

  private rows(): SnapshotRow[] {
    const file = new Libsql(this.bridge.databaseFile, { readonly: true, timeout: 5000 });
    try {
      return file
        .prepare('select no, member_id as memberId, state from snapshots order by no')
        .all() as SnapshotRow[];
    } finally {
      file.close();
    }
  }
}
