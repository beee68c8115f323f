import { type ObjectAction } from './object-types.js';
import { type PortalObjects } from './objects.js';
import { SteadyPace } from './steady-pace.js';

export interface ObjectLoadOptions {
  /** Changes a second. */
  readonly ratePerSecond: number;
  /** Types whose objects change, in turn. */
  readonly entityTypeIds: readonly number[];
  /** Shares of what happens to them; by default 1 is added and 1 deleted for 8 that are changed. */
  readonly add?: number;
  readonly update?: number;
  readonly delete?: number;
  /** Chance from 0 to 1 that a change fires nothing; 0 by default. */
  readonly silent?: number;
}

/** A change that fired nothing. */
export interface SilentChange {
  readonly entityTypeId: number;
  readonly id: number;
  readonly action: ObjectAction;
  /** Unix seconds at which the object says it was changed. */
  readonly updatedAt: number;
}

export interface ObjectLoadCounts {
  readonly added: number;
  readonly updated: number;
  readonly deleted: number;
  readonly silent: readonly SilentChange[];
}

/** Adds, changes and deletes objects of a portal at a steady rate, with the events that this fires. */
export class ObjectLoad {
  private readonly done: Record<ObjectAction, number> = { ADD: 0, UPDATE: 0, DELETE: 0 };
  private readonly silent: SilentChange[] = [];
  private made = 0;
  private readonly pace: SteadyPace;

  /** @throws Error for a rate that is not positive, or without types */
  constructor(
    private readonly objects: PortalObjects,
    private readonly options: ObjectLoadOptions,
    private readonly random: () => number = Math.random,
  ) {
    this.pace = new SteadyPace(options.ratePerSecond, (count) => this.change(count));
    if (options.entityTypeIds.length === 0) throw new Error('entityTypeIds must not be empty');
  }

  get counts(): ObjectLoadCounts {
    const { ADD: added, UPDATE: updated, DELETE: deleted } = this.done;
    return { added, updated, deleted, silent: this.silent };
  }

  start(): void {
    this.pace.start();
  }

  stop(): void {
    this.pace.stop();
  }

  /** Makes `count` changes at once. */
  change(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const { entityTypeIds } = this.options;
      this.changeOne(entityTypeIds[this.made % entityTypeIds.length] ?? 0);
      this.made += 1;
    }
  }

  private changeOne(entityTypeId: number): void {
    const chosen = this.action();
    const target = this.objects.index(entityTypeId).at(this.random());
    const action = target ? chosen : 'ADD';
    const silent = this.random() < (this.options.silent ?? 0);
    const fields = { opportunity: this.made };
    const changed = action === 'ADD' || !target ? this.objects.add(entityTypeId, fields, { silent }) : target;
    if (target && action === 'UPDATE') this.objects.update(entityTypeId, target.id, fields, { silent });
    if (target && action === 'DELETE') this.objects.delete(entityTypeId, target.id, { silent });
    this.done[action] += 1;
    if (silent) this.silent.push({ entityTypeId, id: changed.id, action, updatedAt: changed.updatedAt });
  }

  private action(): ObjectAction {
    const { add = 1, update = 8, delete: remove = 1 } = this.options;
    const drawn = this.random() * (add + update + remove);
    if (drawn < add) return 'ADD';
    return drawn < add + update ? 'UPDATE' : 'DELETE';
  }
}
