import { PortalCaller } from '../../emulator/fixtures/portal-caller.js';
import { type TestSystem } from '../support/test-system.js';

/** A staging copy: the same application's keys, another database. It takes some events and clears them later. */
export class Twin {
  readonly taken = new Set<string>();
  private readonly caller: PortalCaller;
  private running: Promise<void> | null = null;
  private stopped = false;

  constructor(system: TestSystem) {
    this.caller = new PortalCaller(system.emulator, system.portal);
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const { result } = await this.caller.call<{ process_id: string; events: { ID: string }[] }>(
        'event.offline.get',
        { clear: 0, limit: 2 },
      );
      for (const { ID } of result.events) this.taken.add(ID);
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
  }
}

/** Pushes an event every quarter of a second while it runs. */
export class Pusher {
  pushed = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly system: TestSystem) {
    this.start();
  }

  start(): void {
    this.timer = setInterval(() => {
      this.pushed += 1;
      this.system.push(this.pushed, this.pushed);
    }, 250);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

/** Batches of another program that the service has counted. */
export async function foreignBatches(system: TestSystem): Promise<number> {
  const { body } = await system.get('/metrics');
  return Number(/^bridge_foreign_batches_total\{portal="acme"\} (\d+)$/m.exec(body)?.[1]);
}
