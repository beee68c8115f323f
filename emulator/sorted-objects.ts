import { type StoredObject } from './stored-object.js';

/** Objects one after another. */
export interface Stretch {
  readonly count: number;
  /** Shows them in their order, or from the last to the first, until `visit` says that it is enough. */
  each(visit: (object: StoredObject) => boolean, descending?: boolean): void;
}

/** Where an object stands: its block, and its place in there. */
interface Place {
  readonly block: number;
  readonly at: number;
}

/** The first index of which `reached` holds; it holds from there on. */
function firstIndex<T>(items: readonly T[], reached: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (reached(items[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A block is filled to this, and divided when it has grown to twice as much. */
const BLOCK_SIZE = 512;

/** A sorted list in blocks: to put one in among hundreds of thousands moves some hundreds. */
export class SortedObjects {
  private readonly blocks: StoredObject[][] = [];
  private count = 0;

  constructor(
    private readonly compare: (a: StoredObject, b: StoredObject) => number,
    private readonly blockSize = BLOCK_SIZE,
  ) {}

  get size(): number {
    return this.count;
  }

  get last(): StoredObject | null {
    return this.blocks.at(-1)?.at(-1) ?? null;
  }

  /** The one at a place from 0; null beyond the last. */
  at(index: number): StoredObject | null {
    let left = index;
    for (const block of this.blocks) {
      if (left < block.length) return block[left] ?? null;
      left -= block.length;
    }
    return null;
  }

  /** The first of which `reached` holds, where it holds from there on. */
  first(reached: (object: StoredObject) => boolean): StoredObject | null {
    const { block, at } = this.placeOf(reached);
    return this.blocks[block]?.[at] ?? null;
  }

  /** One that comes after all others. */
  append(object: StoredObject): void {
    const last = this.blocks.at(-1);
    if (last && last.length < this.blockSize) last.push(object);
    else this.blocks.push([object]);
    this.count += 1;
  }

  add(object: StoredObject): void {
    const { block, at } = this.placeOf((other) => this.compare(other, object) >= 0);
    const items = this.blocks[block];
    if (!items) {
      this.append(object);
      return;
    }
    items.splice(at, 0, object);
    this.count += 1;
    if (items.length >= this.blockSize * 2) {
      this.blocks.splice(block + 1, 0, items.splice(this.blockSize));
    }
  }

  /** @throws Error where it is not there */
  remove(object: StoredObject): void {
    const { block, at } = this.placeOf((other) => this.compare(other, object) >= 0);
    const items = this.blocks[block];
    if (items?.[at] !== object) throw new Error(`Not in its place: ${object.entityTypeId}/${object.id}`);
    items.splice(at, 1);
    this.count -= 1;
    if (items.length === 0) this.blocks.splice(block, 1);
  }

  /** From the first of which `begun` holds to the one before the first of which `ended` does. */
  between(begun: (object: StoredObject) => boolean, ended: (object: StoredObject) => boolean): Stretch {
    const from = this.placeOf(begun);
    const to = this.placeOf(ended);
    const slice = (block: number): readonly [number, number] => [
      block === from.block ? from.at : 0,
      block === to.block ? to.at : (this.blocks[block]?.length ?? 0),
    ];
    let count = 0;
    for (let block = from.block; block <= to.block; block += 1) {
      const [begin, end] = slice(block);
      count += Math.max(0, end - begin);
    }
    return {
      count,
      each: (visit, descending = false) => {
        for (let step = 0; step <= to.block - from.block; step += 1) {
          const block = descending ? to.block - step : from.block + step;
          const [begin, end] = slice(block);
          const items = this.blocks[block] ?? [];
          for (let i = 0; i < end - begin; i += 1) {
            const item = items[descending ? end - 1 - i : begin + i];
            if (item && visit(item)) return;
          }
        }
      },
    };
  }

  all(): StoredObject[] {
    return this.blocks.flat();
  }

  private placeOf(reached: (object: StoredObject) => boolean): Place {
    const block = firstIndex(this.blocks, (items) => {
      const last = items.at(-1);
      return last !== undefined && reached(last);
    });
    return { block, at: firstIndex(this.blocks[block] ?? [], reached) };
  }
}

/** A list that is in order already. */
export function stretchOf(items: readonly StoredObject[]): Stretch {
  return {
    count: items.length,
    each: (visit, descending = false) => {
      for (let i = 0; i < items.length; i += 1) {
        const item = items[descending ? items.length - 1 - i : i];
        if (item && visit(item)) return;
      }
    },
  };
}
