import Libsql from 'libsql';
import { type EmulatedPortal } from '../../emulator/index.js';
import { type TestBridge } from '../support/test-bridge.js';
import { authOf, post } from '../support/before-install.js';

/**
 * Installs the application again where the bridge says that a portal's authorization is gone. A kill between the
 * answer that brought a new refresh token and its storing leaves nobody with a good one: nothing else helps.
 */
export class Administrator {
  installations = 0;
  private readonly timer: NodeJS.Timeout;
  private busy = false;

  constructor(
    private readonly bridge: TestBridge,
    private readonly portals: readonly EmulatedPortal[],
  ) {
    this.timer = setInterval(() => void this.look(), 1000);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      for (const memberId of this.unauthorized()) {
        const portal = this.portals.find((one) => one.memberId === memberId);
        if (portal === undefined) continue;
        const auth = { ...authOf(portal), refresh_token: portal.issueRefreshToken() };
        const { status } = await post(this.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth });
        if (status === 200) this.installations += 1;
      }
    } catch {
      // The bridge is being killed; the next look comes.
    } finally {
      this.busy = false;
    }
  }

  private unauthorized(): string[] {
    const file = new Libsql(this.bridge.databaseFile, { readonly: true, timeout: 1000 });
    try {
      const rows = file.prepare(`select member_id from portals where state = 'unauthorized'`).all() as {
        member_id: string;
      }[];
      return rows.map((row) => row.member_id);
    } finally {
      file.close();
    }
  }
}
