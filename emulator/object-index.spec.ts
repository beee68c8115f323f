import { describe, expect, it } from '@jest/globals';
import { ObjectIndex } from './object-index.js';
import { type Stretch } from './sorted-objects.js';
import { type StoredObject } from './stored-object.js';

const COUNT = 200_000;

function objectOf(id: number, updatedAt: number): StoredObject {
  const by = { createdBy: 1, updatedBy: 1 };
  return {
    entityTypeId: 2,
    id,
    createdAt: 0,
    updatedAt,
    ...by,
    seeded: true,
    unreadable: false,
    given: null,
  };
}

/** It is asked ten thousand times: `expect` is called only where it is going to fail. */
function expectSame(found: readonly number[], wanted: readonly number[]): void {
  if (found.length !== wanted.length || found.some((id, index) => id !== wanted[index]))
    expect(found).toEqual(wanted);
}

/** Ids in order; what is seen from behind and counted must be the same. */
function found(stretch: Stretch): number[] {
  const ids: number[] = [];
  const behind: number[] = [];
  stretch.each(({ id }) => {
    ids.push(id);
    return false;
  });
  stretch.each(({ id }) => {
    behind.unshift(id);
    return false;
  }, true);
  expectSame(behind, ids);
  expectSame([stretch.count], [ids.length]);
  return ids;
}

describe('ObjectIndex', () => {
  it('answers as a search through all objects would, whatever is done to it', () => {
    const index = new ObjectIndex(4);
    const all = new Map<number, StoredObject>();
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const byTime = (a: StoredObject, b: StoredObject) => a.updatedAt - b.updatedAt || a.id - b.id;
    for (let step = 0; step < 3000; step += 1) {
      const id = random(200);
      const object = all.get(id);
      switch (random(4)) {
        case 0:
          all.set(id, objectOf(id, random(30)));
          index.put(all.get(id) ?? objectOf(id, 0));
          break;
        case 1:
          all.delete(id);
          expect(index.remove(id)).toBe(object ?? null);
          break;
        default:
          if (object) index.setUpdatedAt(object, random(30));
      }
      if (step % 500 === 0) index.expectMany();
      const [first, last] = [random(30), random(30)];
      const sorted = [...all.values()].sort(byTime);
      expectSame(
        found(index.changedWithin(first, last)),
        sorted.filter(({ updatedAt }) => updatedAt >= first && updatedAt <= last).map((each) => each.id),
      );
      expectSame(
        found(index.withIds(first, last)),
        [...all.keys()].filter((each) => each >= first && each <= last).sort((a, b) => a - b),
      );
      if (index.find(id) !== (all.get(id) ?? null)) expect(index.find(id)).toBe(all.get(id) ?? null);
      expectSame([index.size, index.lastId], [all.size, Math.max(0, ...all.keys())]);
      const half = [...all.keys()].sort((a, b) => a - b)[Math.floor(all.size / 2)];
      if (index.at(0.5)?.id !== half) expect(index.at(0.5)?.id).toBe(half);
    }
  });

  it('touches few of many objects for a question or a change', () => {
    const index = new ObjectIndex();
    let looks = 0;
    const looked = {
      get id(): number {
        looks += 1;
        return (this as unknown as { number: number }).number;
      },
    };
    const { id: _, ...rest } = objectOf(0, 0);
    const counted = (id: number): StoredObject =>
      Object.assign(Object.create(looked) as typeof looked, rest, { number: id, updatedAt: id });
    index.append(Array.from({ length: COUNT }, (_, i) => counted(i + 1)));
    index.changedWithin(1, 1);
    looks = 0;
    for (let id = 1; id <= 50; id += 1) index.find(id * 4000);
    index.withIds(100_000, 100_050);
    index.changedWithin(150_000, 150_050);
    const object = index.find(77_777);
    if (object) index.setUpdatedAt(object, COUNT + 1);
    index.remove(5);
    expect(looks).toBeLessThan(3000);
  });
});
