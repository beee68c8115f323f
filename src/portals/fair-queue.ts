interface Branch<T> {
  readonly branches: Map<string, Branch<T>>;
  readonly items: T[];
  size: number;
}

/**
 * A bounded queue in which one sender's many items do not delay those of others. Each item has a path (network, address,
 * …), and the paths form a tree: at every fork the branches take turns. Where there is no room, the newest item of the
 * branch with the most items is dropped.
 */
export class FairQueue<T> {
  private readonly root = branch<T>();

  /** @param limits items at most below a branch, by its depth: the first is for the queue as a whole */
  constructor(private readonly limits: readonly number[]) {}

  get size(): number {
    return this.root.size;
  }

  /** @returns the item that is dropped for it, which may be the item itself; null where there is room */
  push(path: readonly string[], item: T): T | null {
    const line = [this.root];
    for (const step of path) {
      const above = line[line.length - 1] ?? this.root;
      let next = above.branches.get(step);
      if (next === undefined) above.branches.set(step, (next = branch()));
      line.push(next);
    }
    for (const each of line) each.size += 1;
    line[line.length - 1]?.items.push(item);
    for (let depth = line.length - 1; depth >= 0; depth -= 1) {
      const crowded = line[depth];
      if (crowded === undefined || crowded.size <= (this.limits[depth] ?? Infinity)) continue;
      return this.dismiss(line.slice(0, depth + 1), path.slice(0, depth), path.slice(depth));
    }
    return null;
  }

  /** Takes the next item that may go; its branches go to the end of their queues. */
  next(mayGo: (item: T) => boolean = () => true): T | undefined {
    return take(this.root, mayGo);
  }

  /** Below a full branch: drops the newest item of the largest branch; of several as large, the newcomer's. */
  private dismiss(line: Branch<T>[], steps: readonly string[], newcomers: readonly string[]): T | null {
    const names = [...steps];
    let here = line[line.length - 1] ?? this.root;
    let depth = 0;
    let onNewcomersPath = true;
    while (here.branches.size > 0) {
      const own: string | undefined = onNewcomersPath ? newcomers[depth] : undefined;
      let heaviest: Branch<T> | undefined = own === undefined ? undefined : here.branches.get(own);
      let name: string | undefined = heaviest === undefined ? undefined : own;
      for (const [each, candidate] of here.branches) {
        if (heaviest !== undefined && candidate.size <= heaviest.size) continue;
        heaviest = candidate;
        name = each;
      }
      if (heaviest === undefined || name === undefined) break;
      onNewcomersPath &&= name === own;
      depth += 1;
      line.push(heaviest);
      names.push(name);
      here = heaviest;
    }
    const dismissed = here.items.pop() ?? null;
    for (let index = line.length - 1; index >= 0; index -= 1) {
      const each = line[index];
      if (each === undefined) continue;
      each.size -= 1;
      const name = names[index - 1];
      if (each.size === 0 && name !== undefined) line[index - 1]?.branches.delete(name);
    }
    return dismissed;
  }
}

function branch<T>(): Branch<T> {
  return { branches: new Map(), items: [], size: 0 };
}

function take<T>(from: Branch<T>, mayGo: (item: T) => boolean): T | undefined {
  const index = from.items.findIndex(mayGo);
  const [item] = index < 0 ? [] : from.items.splice(index, 1);
  if (item !== undefined) {
    from.size -= 1;
    return item;
  }
  for (const [name, each] of from.branches) {
    const taken = take(each, mayGo);
    if (taken === undefined) continue;
    from.size -= 1;
    from.branches.delete(name);
    if (each.size > 0) from.branches.set(name, each);
    return taken;
  }
  return undefined;
}
