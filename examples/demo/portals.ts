import { type EmulatedPortal, type Emulator, startEmulator } from '../../emulator/index.js';
import { type Change, type LeftRow, type Mark } from './balance.js';

/** What changes on the demo's portals; `add` makes a new object, the others change one of a few hundred. */
const KINDS = [
  { event: 'ONCRMDEALUPDATE', share: 0.4, add: false },
  { event: 'ONCRMDEALADD', share: 0.1, add: true },
  { event: 'ONCRMLEADUPDATE', share: 0.2, add: false },
  { event: 'ONCRMCONTACTUPDATE', share: 0.15, add: false },
  { event: 'ONTASKUPDATE', share: 0.15, add: false },
] as const;
const OBJECTS = 300;
const TICK_MS = 50;
/** Deals, by the number that `crm.item.*` has for them. */
const DEALS = 2;
const STAGES = ['NEW', 'PREPARATION', 'EXECUTING', 'WON'] as const;
const WARES = ['chairs', 'desks', 'lamps', 'shelves', 'cupboards', 'sofas'] as const;
/** Deals that nobody works on, of which some are changed without an event. */
const IDLE_DEALS = 4;

/** Event codes that the bridge has to keep bound. */
export const EVENTS: readonly string[] = [...KINDS.map((kind) => kind.event), 'ONCRMDEALDELETE'];

/** One portal, its busy users, and a clerk who writes down what happens to its queue. */
class DemoPortal {
  readonly changes: Change[] = [];
  private readonly marked = new Map<string, Mark>();
  /** By row. */
  private readonly lastChange = new Map<string, number>();
  private nextObject = OBJECTS + 1;

  constructor(readonly portal: EmulatedPortal) {
    for (let number = 1; number <= OBJECTS + IDLE_DEALS; number += 1) this.addDeal(number, { silent: true });
  }

  get name(): string {
    return this.portal.name;
  }

  get marks(): readonly Mark[] {
    return [...this.marked.values()];
  }

  /** When a row was changed last, on the clock of the books. */
  changedAt(row: string): number | undefined {
    return this.lastChange.get(row);
  }

  /** Somebody changes something. */
  change(): void {
    let pick = Math.random();
    const kind = KINDS.find(({ share }) => (pick -= share) < 0) ?? KINDS[0];
    if (kind.event === 'ONCRMDEALUPDATE') return this.changeDeal(1 + Math.floor(Math.random() * OBJECTS));
    if (kind.event === 'ONCRMDEALADD') {
      this.addDeal(this.nextObject++);
      return this.read();
    }
    const id = String(1 + Math.floor(Math.random() * OBJECTS));
    const data = kind.event.startsWith('ONTASK')
      ? { FIELDS_BEFORE: { ID: id }, FIELDS_AFTER: { ID: id } }
      : { FIELDS: { ID: id } };
    this.portal.push({ event: kind.event, data });
    this.read();
  }

  /** Somebody changes this very deal. */
  changeDeal(id: number): void {
    const stageId = STAGES[Math.floor(Math.random() * STAGES.length)];
    // One that the portal does not have is announced all the same: it is there to fail.
    if (this.portal.objects.update(DEALS, id, { stageId }) === null)
      this.portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: String(id) } } });
    this.read();
  }

  /**
   * Changes deals as an import does that fires no events: two are changed, one is deleted, one is new.
   * @returns what was changed, as events name it
   */
  changeSilently(): string[] {
    const { objects } = this.portal;
    const [one, other, gone] = [OBJECTS + 1, OBJECTS + 2, OBJECTS + 3];
    for (const id of [one, other]) objects.update(DEALS, id, { stageId: 'WON' }, { silent: true });
    objects.delete(DEALS, gone, { silent: true });
    const { id: added } = this.addDeal(this.nextObject++, { silent: true });
    return [one, other, gone, added].map((id) => `crm.deal/${id}`);
  }

  private addDeal(number: number, options: { silent?: boolean } = {}) {
    const title = `${number} ${WARES[number % WARES.length] ?? ''}`;
    return this.portal.objects.add(DEALS, { title, stageId: 'NEW' }, options);
  }

  /** Reads the queue's journal on, and looks for rows that are marked. A mark stays for seconds. */
  look(): void {
    this.read();
    for (const { ID, MESSAGE_ID, ERROR } of this.portal.rows()) {
      const row = this.key(ID);
      if (ERROR === 0 || this.marked.has(row)) continue;
      this.marked.set(row, { row, message: this.key(MESSAGE_ID), at: performance.now() });
    }
  }

  left(): LeftRow[] {
    return this.portal.rows().map(({ ID, ERROR, PROCESS_ID }) => ({
      row: this.key(ID),
      errored: ERROR === 1,
      held: PROCESS_ID !== '',
    }));
  }

  destroyed(): string[] {
    return this.portal.destroyed.map(
      ({ row, by }) => `row ${this.key(row.ID)} by ${by.method} with process_id '${by.processId}'`,
    );
  }

  private read(): void {
    const { journal } = this.portal.queue;
    while (this.changes.length < journal.length) {
      const entry = journal[this.changes.length];
      if (entry === undefined) return;
      const change = { row: this.key(entry.id), message: this.key(entry.messageId), at: performance.now() };
      this.changes.push(change);
      this.lastChange.set(change.row, change.at);
    }
  }

  private key(id: number | string): string {
    return `${this.name}/${id}`;
  }
}

/** Emulated portals, and changes on them at a steady rate. */
export class DemoPortals {
  private pacer: NodeJS.Timeout | null = null;
  private readonly clerk: NodeJS.Timeout;

  private constructor(
    readonly emulator: Emulator,
    readonly portals: readonly DemoPortal[],
  ) {
    this.clerk = setInterval(() => this.look(), 100);
  }

  static async start(names: readonly string[]): Promise<DemoPortals> {
    const emulator = await startEmulator();
    return new DemoPortals(
      emulator,
      names.map((name) => new DemoPortal(emulator.addPortal({ name }))),
    );
  }

  named(name: string): DemoPortal | undefined {
    return this.portals.find((portal) => portal.name === name);
  }

  look(): void {
    for (const portal of this.portals) portal.look();
  }

  /** Starts to make changes, so many a second on each portal. */
  startChanges(ratePerSecond: number): void {
    let owed = 0;
    let last = performance.now();
    this.pacer ??= setInterval(() => {
      const now = performance.now();
      owed += ((now - last) / 1000) * ratePerSecond;
      last = now;
      for (; owed >= 1; owed -= 1) for (const portal of this.portals) portal.change();
    }, TICK_MS);
  }

  stopChanges(): void {
    if (this.pacer !== null) clearInterval(this.pacer);
    this.pacer = null;
  }

  async close(): Promise<void> {
    this.stopChanges();
    clearInterval(this.clerk);
    await this.emulator.close();
  }
}
