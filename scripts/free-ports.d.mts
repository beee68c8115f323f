/**
 * Different TCP ports of the loopback interface on which nothing listened a moment ago, and which the system
 * gives to nobody who does not name them.
 */
export function freePorts(count: number): Promise<number[]>;

/** One such port. */
export function freePort(): Promise<number>;
