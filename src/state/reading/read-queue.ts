import { PRIORITIES, type ReadPriority } from './object-read.js';
import { type ObjectWork, type PlannedCommand, type ReadWork } from './read-work.js';

/** How much one request may carry. */
export interface RequestSize {
  readonly commands: number;
  /** Commands up to which work of lower priorities may fill up a request that others wait for. */
  readonly filled: number;
  /** Ids of one command. */
  readonly ids: number;
}

/** What waits to be read from one portal, by priority and in the order in which it came. */
export class ReadQueue {
  private readonly lines = new Map<ReadPriority, ReadWork[]>();
  private waiting = 0;

  /** How much waits. */
  get size(): number {
    return this.waiting;
  }

  /** How many objects wait whose states events are to carry; some may have been called off. */
  get statesWaiting(): number {
    return this.lines.get('state')?.length ?? 0;
  }

  add(work: ReadWork): void {
    const line = this.lines.get(work.priority);
    if (line === undefined) this.lines.set(work.priority, [work]);
    else line.push(work);
    work.queued = true;
    this.waiting += 1;
  }

  /** Its request was in vain: it comes first within its priority. Work that nobody waits for any more is dropped. */
  putBack(works: readonly ReadWork[]): void {
    for (const priority of PRIORITIES) {
      const again = works.filter((work) => work.priority === priority && !work.cancelled);
      if (again.length === 0) continue;
      for (const work of again) work.queued = true;
      this.lines.set(priority, [...again, ...(this.lines.get(priority) ?? [])]);
      this.waiting += again.length;
    }
  }

  /** Nobody waits for it any more. */
  cancel(work: ReadWork): void {
    if (work.cancelled) return;
    work.cancelled = true;
    if (work.queued) this.waiting -= 1;
  }

  /** Takes everything out. */
  clear(): ReadWork[] {
    const all = [...this.lines.values()].flat();
    this.lines.clear();
    this.waiting = 0;
    for (const work of all) work.queued = false;
    return all.filter(({ cancelled }) => !cancelled);
  }

  /**
   * Takes the work of the next request. Objects of one type and selection share commands.
   * @param priorities the only ones it takes of, highest first
   */
  take(size: RequestSize, priorities: readonly ReadPriority[]): PlannedCommand[] {
    const planned: PlannedCommand[] = [];
    for (const priority of priorities) {
      const limit = planned.length === 0 ? size.commands : Math.min(size.commands, size.filled);
      const left: ReadWork[] = [];
      const pages = new Map<string, ObjectWork[]>();
      for (const work of this.lines.get(priority) ?? []) {
        if (work.cancelled) continue;
        if (work.kind !== 'object') {
          if (planned.length < limit) planned.push(work.kind === 'list' ? { list: work } : { confirm: work });
          else left.push(work);
          continue;
        }
        const key = pageKey(work);
        const page = pages.get(key);
        if (page !== undefined && page.length < size.ids) page.push(work);
        else if (planned.length < limit) {
          const opened = [work];
          pages.set(key, opened);
          planned.push({ objects: opened });
        } else left.push(work);
      }
      this.lines.set(priority, left);
    }
    for (const one of planned)
      this.taken('list' in one ? [one.list] : 'confirm' in one ? [one.confirm] : one.objects);
    return planned;
  }

  private taken(works: readonly ReadWork[]): void {
    for (const work of works) work.queued = false;
    this.waiting -= works.length;
  }
}

function pageKey({ entityTypeId, select }: ObjectWork): string {
  return `${entityTypeId} ${select.join(' ')}`;
}
