export function isAlive(pid: number): boolean;
export function startedAt(pid: number): string;
export function descendantsOf(pid: number): number[];
