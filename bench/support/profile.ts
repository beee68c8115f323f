import { readFileSync } from 'node:fs';

/** Parts of V8's `.cpuprofile`. Times are microseconds of the machine's monotonic clock. */
interface CpuProfile {
  readonly startTime: number;
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Time since the sample before. */
  readonly timeDeltas: readonly number[];
}

/** A share of the time in which the process was busy. */
export interface ProfileLine {
  readonly what: string;
  /** Percent. */
  readonly share: number;
}

/** Where a process spent its time within a window. */
export interface ProfileSummary {
  /** Share of the window in which it ran anything, percent. */
  readonly busy: number;
  readonly functions: readonly ProfileLine[];
  /** Self time by package or by room of the service. */
  readonly owners: readonly ProfileLine[];
  /** Functions of the service with all that they call, as far as no await lies between. */
  readonly inclusive: readonly ProfileLine[];
}

const FUNCTIONS = 15;
const OWNERS = 20;

/** A point in time as a profile counts it, microseconds. */
export function profileClock(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

export function readProfile(file: string, from: number, to: number): ProfileSummary {
  return summarise(JSON.parse(readFileSync(file, 'utf8')) as CpuProfile, from, to);
}

/** Sums a profile up, between two readings of {@link profileClock}. */
export function summarise(profile: CpuProfile, from: number, to: number): ProfileSummary {
  const selfOf = selfTimes(profile, from, to);
  const functions = new Map<string, number>();
  const owners = new Map<string, number>();
  const inclusive = new Map<string, number>();
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
  );
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  let busy = 0;
  let all = 0;
  for (const [id, time] of selfOf) {
    const frame = nodes.get(id)?.callFrame;
    if (frame === undefined) continue;
    all += time;
    if (frame.functionName === '(idle)') continue;
    busy += time;
    add(functions, nameOf(frame), time);
    add(owners, ownerOf(frame), time);
    const above = new Set<string>();
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const caller = nodes.get(at)?.callFrame;
      if (caller?.url.includes('/dist/') === true && !caller.url.includes('/node_modules/')) {
        above.add(nameOf(caller));
      }
    }
    for (const name of above) add(inclusive, name, time);
  }
  return {
    busy: all === 0 ? 0 : (busy / all) * 100,
    functions: largest(functions, busy, FUNCTIONS),
    owners: largest(owners, busy, OWNERS),
    inclusive: largest(inclusive, busy, FUNCTIONS),
  };
}

/** Microseconds by node. */
function selfTimes(
  { startTime, samples, timeDeltas }: CpuProfile,
  from: number,
  to: number,
): Map<number, number> {
  const times = new Map<number, number>();
  let at = startTime;
  samples.forEach((id, index) => {
    at += timeDeltas[index] ?? 0;
    // A sample stands for the time until the next one.
    if (at >= from && at < to) times.set(id, (times.get(id) ?? 0) + (timeDeltas[index + 1] ?? 0));
  });
  return times;
}

function nameOf({
  functionName,
  url,
  lineNumber,
}: {
  functionName: string;
  url: string;
  lineNumber: number;
}) {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} ${placeOf(url)}:${lineNumber + 1}`;
}

function placeOf(url: string): string {
  const inPackage = url.lastIndexOf('/node_modules/');
  if (inPackage >= 0) return url.slice(inPackage + '/node_modules/'.length);
  const inDist = url.lastIndexOf('/dist/');
  return inDist >= 0 ? url.slice(inDist + 1) : url;
}

function ownerOf({ functionName, url }: { functionName: string; url: string }): string {
  // Native code and the garbage collector have no file.
  if (url === '') return functionName.startsWith('(') ? functionName : 'native functions';
  if (url.startsWith('node:')) return 'node';
  const place = placeOf(url);
  const steps = place.split('/');
  return steps.slice(0, place.startsWith('@') || steps[0] === 'dist' ? 2 : 1).join('/');
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

function largest(sums: ReadonlyMap<string, number>, whole: number, count: number): ProfileLine[] {
  return [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([what, time]) => ({ what, share: whole === 0 ? 0 : (time / whole) * 100 }));
}
